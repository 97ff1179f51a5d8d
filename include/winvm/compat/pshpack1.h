/* <pshpack1.h> for unmodified Windows sources: until <poppack.h> members are packed. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpragma-pack" /* a change of alignment beyond one file */
#endif
#pragma pack(push, 1)
