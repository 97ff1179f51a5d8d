/* <pshpack8.h> for unmodified Windows sources: until <poppack.h> members are aligned to 8 at most. */
#pragma pack(push, 8)
