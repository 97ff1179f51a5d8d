/* Sections with names: one object per name and process, the same memory or file in all of them.
 *
 * Terms   own = held by this process; foreign = held by others only.
 * I1  Two handles of this process to one name mean one object. The name is this process's as long
 *     as the object has handles: who closes the last one takes the number out of the object and
 *     gives it back. Who finds a name whose object has no handles any more (OWN_ENDING) helps with
 *     that and looks again.
 * I2  Finding and making happen between wvm_names_begin and _end: no other process and no other
 *     thread creates the same name at the same time.
 * I3  A foreign object is believed only as far as its descriptor bears it out. Images are described
 *     by their memory (section_describe.c), everything else by the registry.
 * A file section that another process extends keeps its size here until the name is opened anew.
 * Locking: the name space's (section_name.h).   Failure: the object is ended, the name untouched.
 * Signal safety: not for handlers. */
#include <sched.h>
#include <string.h>

#include <winvm/ntstatus.h>

#include "base/assert.h"
#include "host/host_object.h"
#include "section/section_internal.h"

enum { ENDING_TRIES = 1000 };
WVM_STATIC(WVM_SECTION_NAME_CHARS >= WVM_NAME_MAX, "a name has room");

enum own { OWN_NONE, OWN_FOUND, OWN_ENDING };

/* The living object that has this number, held; NULL: none. */
static struct wvm_section *hold_numbered(uint32_t name)
{
    struct wvm_section *s;
    for (uint32_t i = 0; (s = wvm_section_at(i)) != NULL; i++) {
        if (__atomic_load_n(&s->name, __ATOMIC_RELAXED) != name ||
            !wvm_backing_try_hold(&s->backing))
            continue;
        if (__atomic_load_n(&s->name, __ATOMIC_RELAXED) == name)
            return s;
        wvm_backing_drop(&s->backing);
    }
    return NULL;
}

static enum own find_own(const struct wvm_name_key *key, struct wvm_section **out)
{
    uint32_t name = wvm_name_of(key);
    struct wvm_section *s = name ? hold_numbered(name) : NULL;
    if (s && wvm_section_add_handle(s)) {
        *out = s;
        return OWN_FOUND;
    }
    if (s)
        wvm_backing_drop(&s->backing);
    return name ? OWN_ENDING : OWN_NONE;
}

/* Ends the number of an object without handles, unless its closer is about to. */
static void help_ending(const struct wvm_name_key *key)
{
    uint32_t name = wvm_name_of(key);
    struct wvm_section *s = name ? hold_numbered(name) : NULL;
    uint32_t taken = s ? __atomic_exchange_n(&s->name, 0, __ATOMIC_ACQ_REL) : 0;
    if (s)
        wvm_backing_drop(&s->backing);
    wvm_names_end();
    if (taken)
        wvm_name_release(taken);
    else
        sched_yield();
}

/* Begins, and finds what this process has of the name. */
static wvm_status begin(const struct wvm_name_key *key, struct wvm_section **out, enum own *own)
{
    for (unsigned i = 0;; i++) {
        wvm_status status = wvm_names_begin();
        if (status < 0)
            return status;
        *own = find_own(key, out);
        if (*own != OWN_ENDING || i == ENDING_TRIES)
            return STATUS_SUCCESS;
        help_ending(key);
    }
}

/* The object knows its name. */
static wvm_status note_text(struct wvm_section *s, const struct wvm_name_key *key)
{
    struct wvm_section_text *text = wvm_section_text_take();
    if (!text)
        return STATUS_INSUFFICIENT_RESOURCES;
    text->len = (uint16_t)key->len;
    text->global = key->global;
    memcpy(text->chars, key->text, key->len * sizeof text->chars[0]);
    s->text = text;
    s->round = 0;
    return STATUS_SUCCESS;
}

/* s, whose descriptor is set, becomes what the registry says of it. */
static wvm_status adopt(struct wvm_section *s, const struct wvm_name_object *object)
{
    struct wvm_host_fd_info info;
    if (wvm_host_fd_info(s->backing.fd, &info) != 0 || info.dev != object->dev ||
        info.ino != object->ino)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (object->kind == WVM_SECTION_IMAGE)
        return wvm_section_recognise(s);
    s->kind = object->kind;
    s->flags = object->flags;
    s->attr = object->attr;
    s->size = object->size;
    if (s->kind == WVM_SECTION_FILE) {
        s->dev = object->dev;
        s->ino = object->ino;
    }
    if (s->kind == WVM_SECTION_FILE || !(s->flags & WVM_SECTION_RESERVE))
        return s->kind == WVM_SECTION_FILE || s->size <= info.size
                   ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
    if (s->size > info.size || wvm_section_commits_len(s->size) > info.size - s->size)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    return wvm_section_map_commits(s);
}

static wvm_status open_foreign(const struct wvm_name_key *key, struct wvm_section **out)
{
    static const struct wvm_section_request unknown = {.fd = -1};
    struct wvm_name_object object;
    int fd;
    bool writable;
    uint32_t name;
    wvm_status status = wvm_name_find(key, &object, &fd, &writable);
    if (status < 0)
        return status;
    struct wvm_section *s = wvm_section_blank(&unknown);
    if (!s) {
        wvm_host_fd_close(fd, object.dev, object.ino);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    s->fd_dev = object.dev;
    s->fd_ino = object.ino;
    s->backing.fd = fd;
    s->backing.shared_writable = writable;
    status = adopt(s, &object);
    if (status >= 0)
        status = note_text(s, key);
    if (status >= 0)
        status = wvm_name_hold(key, &object, fd, &name);
    if (status < 0) {
        wvm_section_end(s);
        return status;
    }
    s->name = name;
    wvm_section_start(s);
    *out = s;
    return STATUS_SUCCESS;
}

static wvm_status find(const struct wvm_name_key *key, enum own own, struct wvm_section **out)
{
    return own == OWN_FOUND ? STATUS_SUCCESS : open_foreign(key, out);
}

/* A new object with the name, which nobody has. */
static wvm_status make(const struct wvm_name_key *key, const struct wvm_section_request *req,
                       struct wvm_section **out)
{
    struct wvm_section *s;
    uint32_t name;
    wvm_status status = wvm_section_make(req, &s);
    if (status < 0)
        return status;
    if (!wvm_section_identify(s)) {
        wvm_backing_drop(&s->backing);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    struct wvm_name_object object = {
        .dev = s->fd_dev, .ino = s->fd_ino, .size = s->size,
        .kind = s->kind, .flags = s->flags, .attr = s->attr,
    };
    status = note_text(s, key);
    if (status >= 0 && s->kind == WVM_SECTION_IMAGE)
        status = wvm_section_describe(s);
    if (status >= 0)
        status = wvm_name_hold(key, &object, s->backing.fd, &name);
    if (status < 0) {
        wvm_backing_drop(&s->backing);
        return status;
    }
    __atomic_store_n(&s->name, name, __ATOMIC_RELEASE);
    *out = s;
    return STATUS_SUCCESS;
}

static bool is_name(const struct wvm_name_key *key)
{
    return key->len >= 1 && key->len <= WVM_NAME_MAX;
}

wvm_status wvm_section_create_named(const struct wvm_section_request *req, struct wvm_section **out)
{
    const struct wvm_name_key key = {req->name, req->name_len, req->global};
    enum own own;
    if (!is_name(&key))
        return STATUS_OBJECT_NAME_INVALID;
    wvm_status status = begin(&key, out, &own);
    if (status < 0)
        return status;
    status = find(&key, own, out);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND)
        status = make(&key, req, out);
    else if (status >= 0)
        status = STATUS_OBJECT_NAME_EXISTS;
    wvm_names_end();
    return status;
}

wvm_status wvm_section_open(const uint16_t *name, size_t name_len, bool global,
                            struct wvm_section **out)
{
    const struct wvm_name_key key = {name, name_len, global};
    enum own own;
    if (!is_name(&key))
        return STATUS_OBJECT_NAME_INVALID;
    wvm_status status = begin(&key, out, &own);
    if (status < 0)
        return status;
    status = find(&key, own, out);
    wvm_names_end();
    return status;
}
