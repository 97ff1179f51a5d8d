/* <pshpack4.h> for unmodified Windows sources: until <poppack.h> members are aligned
 * to 4 at most. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpragma-pack" /* a change of alignment beyond one file */
#endif
#pragma pack(push, 4)
