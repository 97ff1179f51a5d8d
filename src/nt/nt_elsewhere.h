/* Calls on another process: handed to the server in that process (remote/remote.h). */
#ifndef WVM_NT_NT_ELSEWHERE_H
#define WVM_NT_NT_ELSEWHERE_H

#include "nt/nt.h"
#include "remote/remote.h"

/* Has process pid carry out the request, and passes fd along when it is not negative. The status is
 * that process's own answer; ACCESS_DENIED when it does not serve or does not answer in time,
 * PROCESS_IS_TERMINATING when it ended meanwhile. */
wvm_status wvm_nt_elsewhere(pid_t pid, const struct wvm_remote_request *req, int fd,
                            struct wvm_remote_answer *answer) WVM_MUST_CHECK;
/* The same for an operation on a range, which a success changes. old: may be NULL. */
wvm_status wvm_nt_range_elsewhere(pid_t pid, struct wvm_remote_request *req,
                                  struct wvm_nt_range *range, uint32_t *old) WVM_MUST_CHECK;
/* A query as wvm_nt_query. False: that process does not serve; nothing is written. */
bool wvm_nt_query_elsewhere(pid_t pid, uintptr_t addr, int info_class, struct wvm_nt_buffer *buf,
                            wvm_status *status);

/* The path of a mapped file as wvm_nt_mapped_path. False: that process does not serve. */
bool wvm_nt_path_elsewhere(pid_t pid, uintptr_t addr, char *out, size_t cap, wvm_status *status);

/* Views: as wvm_nt_map_section and wvm_nt_unmap. */
struct wvm_section;
struct wvm_nt_view;
wvm_status wvm_nt_map_elsewhere(pid_t pid, struct wvm_section *s, uint32_t granted,
                                struct wvm_nt_view *view) WVM_MUST_CHECK;
wvm_status wvm_nt_unmap_elsewhere(pid_t pid, uintptr_t addr, uint32_t flags) WVM_MUST_CHECK;

/* Extended parameters in a request, and from one. False: no caller could have had them. */
struct wvm_nt_extended;
void wvm_nt_extended_to_request(const struct wvm_nt_extended *e, struct wvm_remote_request *req);
bool wvm_nt_extended_from_request(const struct wvm_remote_request *req, bool view,
                                  struct wvm_nt_extended *out);

/* Carries out a request that came to this process: the server's half. */
void wvm_nt_serve(const struct wvm_remote_request *req, int fd, struct wvm_remote_answer *answer);

#endif
