/* Names of sections, shared by the processes of one user. */
#ifndef WVM_SECTION_SECTION_NAME_H
#define WVM_SECTION_SECTION_NAME_H

#include "space/space.h"

/* A named object as the registry records it. */
struct wvm_name_object {
    wvm_word64 dev, ino;    /* of the descriptor that holders have */
    uint64_t size;          /* of the section */
    uint8_t kind, flags, attr;
    uint8_t opaque[512];    /* image sections: wvm_section's to use */
    uint32_t opaque_len;
};
struct wvm_name_key {
    const uint16_t *text;   /* UTF-16, without prefix */
    size_t len;             /* characters, 1..WVM_NAME_MAX */
    bool global;
};
#define WVM_NAME_MAX 260

/* Between begin and end no other process of this user, and no other thread, changes the name space.
 * Not with a space's lock held. ACCESS_DENIED, NO_MEMORY when there is no place for the registry
 * (the option run-dir), POSSIBLE_DEADLOCK in a signal handler that interrupted this thread between
 * begin and end. */
wvm_status wvm_names_begin(void) WVM_MUST_CHECK;
void wvm_names_end(void);
/* Is the calling thread between begin and end? */
bool wvm_names_inside(void);
/* Between begin and end. *fd: a fresh kept descriptor (host_object.h) of the living object of that
 * name, for writing too if the holder's is (*writable). OBJECT_NAME_NOT_FOUND: nobody alive has a
 * handle to it; OBJECT_NAME_INVALID; ACCESS_DENIED: its holders' files cannot be opened;
 * INSUFFICIENT_RESOURCES. */
wvm_status wvm_name_find(const struct wvm_name_key *key, struct wvm_name_object *out, int *fd,
                         bool *writable) WVM_MUST_CHECK;
/* Between begin and end: this process has a handle to the object (through fd, which stays open as
 * long as the name is held). *name: what to give back, not 0. OBJECT_NAME_COLLISION: the name is
 * another living object's; OBJECT_NAME_INVALID; INSUFFICIENT_RESOURCES. */
wvm_status wvm_name_hold(const struct wvm_name_key *key, const struct wvm_name_object *object,
                         int fd, uint32_t *name) WVM_MUST_CHECK;
/* This process has no handle to it any more. Takes begin and end itself; cannot fail: where they
 * do, the next begin of this process does it. 0 does nothing. */
void wvm_name_release(uint32_t name);
/* A section of this process by name, so that two handles mean one object. 0: this process does not
 * hold it. Between begin and end. */
uint32_t wvm_name_of(const struct wvm_name_key *key);
/* Around fork, outside of the space's lock. A child holds every name that its parent held and still
 * holds when the child comes to say so. */
void wvm_names_before_fork(void);
void wvm_names_after_fork_parent(void);
void wvm_names_after_fork_child(void);

#endif
