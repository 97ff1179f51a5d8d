/* <share.h> for unmodified Windows sources; files of libc are not shared by mode. */
#ifndef WINVM_COMPAT_SHARE_H
#define WINVM_COMPAT_SHARE_H

#define _SH_COMPAT 0x00
#define _SH_DENYRW 0x10
#define _SH_DENYWR 0x20
#define _SH_DENYRD 0x30
#define _SH_DENYNO 0x40
#define _SH_SECURE 0x80

#endif
