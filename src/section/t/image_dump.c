/* image_dump FILE OUT: lays FILE out as an image, writes its memory to OUT and prints its size, its
 * preferred base, its entry and its parts (first page, page behind, state). Status 1: no image. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arith.h"
#include "host/host_object.h"
#include "section/section_image.h"

static const char *const state_names[] = {"reserved", "NA", "RO", "RW", "WC",
                                          "X", "XR", "XRW", "XWC"};

static int write_out(int image, uint64_t size, const char *path)
{
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    struct wvm_host_fd_copy c = {.from = image, .to = out, .len = size};
    return out < 0 || wvm_host_fd_copy(&c) != (int64_t)size || close(out) != 0;
}

int main(int argc, char **argv)
{
    struct wvm_image_info info;
    int image, file = argc == 3 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) {
        fprintf(stderr, "usage: image_dump FILE OUT\n");
        return 2;
    }
    wvm_status status = wvm_image_make(file, false, &info, &image);
    if (status < 0) {
        printf("status 0x%08x\n", (unsigned)status);
        return 1;
    }
    printf("size 0x%llx\nbase 0x%llx\nentry 0x%llx\nmachine 0x%x\n", (unsigned long long)info.size,
           (unsigned long long)info.preferred, (unsigned long long)info.entry, info.machine);
    for (unsigned i = 0; i < info.n_parts; i++)
        printf("part 0x%llx 0x%llx %s\n", (unsigned long long)info.part[i].start,
               (unsigned long long)info.part[i].end, state_names[info.part[i].attr]);
    return write_out(image, info.size, argv[2]);
}
