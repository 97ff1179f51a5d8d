/* <pshpack2.h> for unmodified Windows sources: until <poppack.h> members are aligned to 2 at most. */
#pragma pack(push, 2)
