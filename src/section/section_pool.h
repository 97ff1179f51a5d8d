/* Where section objects live. */
#ifndef WVM_SECTION_SECTION_POOL_H
#define WVM_SECTION_SECTION_POOL_H

#include "section/section.h"

/* A dead object of the caller's, refs 0, its other fields as they were left; NULL: too many. */
struct wvm_section *wvm_section_take(void);
/* Gives back a dead object. */
void wvm_section_give(struct wvm_section *s);
/* All objects one after the other, living and dead: to be held by wvm_backing_try_hold. NULL: no
 * more. */
struct wvm_section *wvm_section_at(uint32_t i);

/* The same for what images are described by. */
struct wvm_image_info *wvm_image_info_take(void);
void wvm_image_info_give(struct wvm_image_info *info);

/* And for names. */
struct wvm_section_text *wvm_section_text_take(void);
void wvm_section_text_give(struct wvm_section_text *text);

#endif
