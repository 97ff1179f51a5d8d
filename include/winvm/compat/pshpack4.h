/* <pshpack4.h> for unmodified Windows sources: until <poppack.h> members are aligned to 4 at most. */
#pragma pack(push, 4)
