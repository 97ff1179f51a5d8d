/* File systems: their room, kinds and names.
 *
 * I1  A root path is any folder; NULL is the current one.
 * I2  All is asked before anything is written.
 * Locking: none.   Failure: nothing written.   Signal safety: none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "kit/kit.h"
#include "kit/kit_file.h"
#include "kit/kit_text.h"

#define SECTOR 512u
#define FS_NAME_MAX 64

/* ---- Asking the host ---- */

/* The file system of a folder. FALSE and the last error. */
static BOOL ask(const char *folder, struct statvfs *out)
{
    struct stat is;
    const char *path = folder ? folder : ".";
    if (!wvm_kit_file_named(path))
        return FALSE;
    if (stat(path, &is) != 0)
        return wvm_kit_file_fail(errno, path);
    if (!S_ISDIR(is.st_mode))
        return wvm_kit_fail(ERROR_DIRECTORY);
    return statvfs(path, out) == 0 || wvm_kit_file_fail(errno, path);
}

/* The UTF-8 of a root path that may be NULL. False: the last error. */
static bool narrow_root(LPCWSTR root, char **out)
{
    *out = root ? wvm_kit_file_path(root) : NULL;
    return !root || *out;
}

/* ---- Room ---- */

static DWORD clip(uint64_t value)
{
    return value > UINT32_MAX ? UINT32_MAX : (DWORD)value;
}

static void store(DWORD *to, uint64_t value)
{
    if (to)
        *to = clip(value);
}

BOOL wvm_kit_GetDiskFreeSpaceA(LPCSTR root, LPDWORD sectors, LPDWORD bytes, LPDWORD free_clusters,
                               LPDWORD clusters)
{
    struct statvfs fs;
    if (!ask(root, &fs))
        return FALSE;
    store(sectors, fs.f_frsize > SECTOR ? fs.f_frsize / SECTOR : 1);
    store(bytes, SECTOR);
    store(free_clusters, fs.f_bavail);
    store(clusters, fs.f_blocks);
    return TRUE;
}

BOOL wvm_kit_GetDiskFreeSpaceW(LPCWSTR root, LPDWORD sectors, LPDWORD bytes, LPDWORD free_clusters,
                               LPDWORD clusters)
{
    char *narrow;
    BOOL done = narrow_root(root, &narrow) &&
                wvm_kit_GetDiskFreeSpaceA(narrow, sectors, bytes, free_clusters, clusters);
    free(narrow);
    return done;
}

BOOL wvm_kit_GetDiskFreeSpaceExA(LPCSTR root, PULARGE_INTEGER available, PULARGE_INTEGER total,
                                 PULARGE_INTEGER free_bytes)
{
    struct statvfs fs;
    if (!ask(root, &fs))
        return FALSE;
    if (available)
        available->QuadPart = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (total)
        total->QuadPart = (uint64_t)fs.f_blocks * fs.f_frsize;
    if (free_bytes)
        free_bytes->QuadPart = (uint64_t)fs.f_bfree * fs.f_frsize;
    return TRUE;
}

BOOL wvm_kit_GetDiskFreeSpaceExW(LPCWSTR root, PULARGE_INTEGER available, PULARGE_INTEGER total,
                                 PULARGE_INTEGER free_bytes)
{
    char *narrow;
    BOOL done = narrow_root(root, &narrow) &&
                wvm_kit_GetDiskFreeSpaceExA(narrow, available, total, free_bytes);
    free(narrow);
    return done;
}

/* ---- Kinds ---- */

UINT wvm_kit_GetDriveTypeA(LPCSTR root)
{
    static const struct {
        uint32_t magic; /* of statfs(2) */
        UINT is;
    } kinds[] = {
        {0x01021994, DRIVE_RAMDISK}, {0x858458f6, DRIVE_RAMDISK}, /* tmpfs, ramfs */
        {0x6969, DRIVE_REMOTE},      {0xff534d42, DRIVE_REMOTE},  /* NFS, CIFS */
        {0xfe534d42, DRIVE_REMOTE},  {0x01021997, DRIVE_REMOTE},  /* SMB 2, 9P */
        {0x517b, DRIVE_REMOTE},      {0x00c36400, DRIVE_REMOTE},  /* SMB, Ceph */
        {0x9660, DRIVE_CDROM},       {0x15013346, DRIVE_CDROM},   /* ISO 9660, UDF */
    };
    struct statvfs there;
    struct statfs fs;
    if (!ask(root, &there) || statfs(root ? root : ".", &fs) != 0)
        return DRIVE_NO_ROOT_DIR;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].magic == (uint32_t)fs.f_type)
            return kinds[i].is;
    return DRIVE_FIXED;
}

UINT wvm_kit_GetDriveTypeW(LPCWSTR root)
{
    char *narrow;
    UINT kind = narrow_root(root, &narrow) ? wvm_kit_GetDriveTypeA(narrow) : DRIVE_NO_ROOT_DIR;
    free(narrow);
    return kind;
}

DWORD wvm_kit_GetLogicalDrives(VOID)
{
    SetLastError(ERROR_SUCCESS);
    return 0;
}

/* ---- Names ---- */

/* The name of the file system in a line of mountinfo, behind " - ". */
static bool name_in(const char *line, char name[FS_NAME_MAX])
{
    const char *tail = strstr(line, " - ");
    return tail && sscanf(tail + 3, "%63s", name) == 1;
}

/* What the host calls the file system that the folder is on. */
static void find_fs_name(const char *folder, char name[FS_NAME_MAX])
{
    struct stat is;
    char *line = NULL;
    size_t cap = 0;
    FILE *f = stat(folder, &is) == 0 ? fopen("/proc/self/mountinfo", "re") : NULL;
    strcpy(name, "unknown");
    while (f && getline(&line, &cap, f) > 0) {
        unsigned a, b;
        if (sscanf(line, "%*u %*u %u:%u", &a, &b) == 2 && makedev(a, b) == is.st_dev &&
            name_in(line, name))
            break;
    }
    free(line);
    if (f)
        fclose(f);
}

struct volume {
    char fs_name[FS_NAME_MAX];
    DWORD serial, component, flags;
};

static BOOL ask_volume(const char *root, struct volume *out)
{
    struct statvfs fs;
    if (!ask(root, &fs))
        return FALSE;
    find_fs_name(root ? root : ".", out->fs_name);
    out->serial = wvm_kit_file_serial(fs.f_fsid);
    out->component = (DWORD)fs.f_namemax;
    out->flags = FILE_CASE_SENSITIVE_SEARCH | FILE_CASE_PRESERVED_NAMES | FILE_UNICODE_ON_DISK |
                 FILE_SUPPORTS_SPARSE_FILES | FILE_SUPPORTS_REPARSE_POINTS |
                 FILE_SUPPORTS_HARD_LINKS | (fs.f_flag & ST_RDONLY ? FILE_READ_ONLY_VOLUME : 0u);
    return TRUE;
}

static void store_volume(const struct volume *v, DWORD *serial, DWORD *component, DWORD *flags)
{
    store(serial, v->serial);
    store(component, v->component);
    store(flags, v->flags);
}

BOOL wvm_kit_GetVolumeInformationA(LPCSTR root, LPSTR label, DWORD label_cap, LPDWORD serial,
                                   LPDWORD component, LPDWORD flags, LPSTR fs, DWORD fs_cap)
{
    struct volume v;
    if (!ask_volume(root, &v))
        return FALSE;
    if ((label && label_cap == 0) || (fs && fs_cap <= strlen(v.fs_name)))
        return wvm_kit_fail(ERROR_BAD_LENGTH);
    store_volume(&v, serial, component, flags);
    if (label)
        label[0] = '\0';
    if (fs)
        wvm_kit_fill_a(fs, fs_cap, v.fs_name);
    return TRUE;
}

BOOL wvm_kit_GetVolumeInformationW(LPCWSTR root, LPWSTR label, DWORD label_cap, LPDWORD serial,
                                   LPDWORD component, LPDWORD flags, LPWSTR fs, DWORD fs_cap)
{
    struct volume v;
    char *narrow;
    bool asked = narrow_root(root, &narrow) && ask_volume(narrow, &v);
    free(narrow);
    if (!asked)
        return FALSE;
    if ((label && label_cap == 0) || (fs && fs_cap <= strlen(v.fs_name)))
        return wvm_kit_fail(ERROR_BAD_LENGTH);
    store_volume(&v, serial, component, flags);
    if (label)
        label[0] = 0;
    if (fs)
        wvm_kit_fill_w(fs, fs_cap, v.fs_name);
    return TRUE;
}

#define WVM_KIT_VOLUME
#include "kit/kit_entry.h"
