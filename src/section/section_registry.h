/* The registry file: which names exist, and which processes hold their objects. Between the files
 * of the names (section_name.c). Everything here happens between open and close. */
#ifndef WVM_SECTION_SECTION_REGISTRY_H
#define WVM_SECTION_SECTION_REGISTRY_H

#include "section/section_name.h"

/* Entries are what scans read; an entry never crosses a page of the file. */
struct wvm_reg_object {
    uint32_t state; /* enum wvm_reg_state; last to be written, first to be cleared */
    uint32_t hash;  /* of the key */
    uint64_t dev, ino;
    uint32_t generation; /* of this object: what holders name besides its number */
    uint32_t hint;       /* a holder's number, where to look first */
};
struct wvm_reg_holder {
    uint32_t object; /* its number + 1; 0: the entry is free. Last written, first cleared */
    uint32_t generation;
    uint32_t pid;
    int32_t fd;
    uint64_t start; /* of the process */
    uint64_t spare;
};
enum wvm_reg_state { WVM_REG_FREE, WVM_REG_USED };

/* What is read only when the hash fits. */
struct wvm_reg_body {
    struct wvm_name_object object;
    uint16_t text[WVM_NAME_MAX];
    uint16_t len, global;
};

#define WVM_REG_NONE UINT32_MAX

/* Opens and locks the registry of the effective user; waits for other processes.
 * ACCESS_DENIED, NO_MEMORY. */
wvm_status wvm_reg_open(void) WVM_MUST_CHECK;
void wvm_reg_close(void);
/* In a child that was forked while its thread had the registry open: it never had. */
void wvm_reg_abandon(void);

/* Room for so many of each kind; grows in steps. Numbers below it are valid. */
uint32_t wvm_reg_n_objects(void);
uint32_t wvm_reg_n_holders(void);
/* False: the file has no room for one more step. */
bool wvm_reg_grow(void);
/* Gives back the end of the file from where no entry is used. */
void wvm_reg_shrink(void);

/* The entry of a number; NULL when it cannot be read. The pointer is good until an entry of the
 * same kind far from it is read, and does not follow later writes. */
const struct wvm_reg_object *wvm_reg_object(uint32_t n);
const struct wvm_reg_holder *wvm_reg_holder(uint32_t n);
/* True when the object n has the key; *object (may be NULL) is then filled. */
bool wvm_reg_body_is(uint32_t n, const struct wvm_name_key *key, struct wvm_name_object *object);
uint32_t wvm_reg_hash(const struct wvm_name_key *key);

/* Writes in an order in which a reader after a kill finds either the old or the new. False: not
 * written, and what was there is as before. */
bool wvm_reg_put_object(uint32_t n, const struct wvm_reg_object *entry,
                        const struct wvm_name_key *key, const struct wvm_name_object *object);
bool wvm_reg_put_holder(uint32_t n, const struct wvm_reg_holder *entry);
void wvm_reg_put_hint(uint32_t n, uint32_t holder);
void wvm_reg_free_object(uint32_t n);
void wvm_reg_free_holder(uint32_t n);
/* A number for a new object. 0: it cannot be had. */
uint32_t wvm_reg_new_generation(void);
/* Sizes at which dead entries are looked for: in steps. */
uint32_t wvm_reg_purge_at(void);
void wvm_reg_set_purge_at(uint32_t n_steps);
uint32_t wvm_reg_n_steps(void);

/* ---- section_holder.c ---- */
/* The holder lives, and its descriptor is still the object's file. What cannot be told counts as
 * living. */
bool wvm_holder_lives(const struct wvm_reg_holder *holder, const struct wvm_reg_object *object);
/* Calls visit for the living holders of an object, the likeliest first, until it says false; dead
 * ones are freed on the way. True: there was one. */
typedef bool wvm_holder_visit(const struct wvm_reg_holder *holder, void *ctx);
bool wvm_holder_each(uint32_t object, wvm_holder_visit *visit, void *ctx);
/* Frees what no living process holds. */
void wvm_holder_purge(void);
/* After opening: what was known about processes is old. */
void wvm_holder_forget(void);
/* This process's start time. */
uint64_t wvm_holder_own_start(void);

#endif
