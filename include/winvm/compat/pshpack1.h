/* <pshpack1.h> for unmodified Windows sources: until <poppack.h> members are packed. */
#pragma pack(push, 1)
