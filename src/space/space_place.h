/* Places of views. */
#ifndef WVM_SPACE_SPACE_PLACE_H
#define WVM_SPACE_SPACE_PLACE_H

#include "space/space_internal.h"
#include "space/space_view.h"

struct wvm_place {
    uint64_t lo;  /* first page */
    bool ours;    /* over mappings of ours, which take the pages back */
    uint32_t old; /* the placeholder there; 0: none */
};

/* Finds the place the request asks for and maps the backing there with protection prot. sp->host
 * says NONE of the pages. CONFLICTING_ADDRESSES, NO_MEMORY, ACCESS_DENIED. */
wvm_status wvm_space_place_view(struct wvm_space *sp, const struct wvm_view_request *req,
                                unsigned prot, struct wvm_place *place) WVM_MUST_CHECK;
/* Takes pages [lo, hi) of a view at this place from the backing. sp->host is not changed. 0, or
 * -errno at the host's limit of mappings when all ballast is given up. */
int wvm_space_vacate_view(struct wvm_space *sp, const struct wvm_place *place, uint64_t lo,
                          uint64_t hi) WVM_MUST_CHECK;
/* The place, vacated and in no allocation, is free again (a placeholder stays one). */
void wvm_space_give_place(struct wvm_space *sp, const struct wvm_place *place, uint64_t lo,
                          uint64_t hi);

#endif
