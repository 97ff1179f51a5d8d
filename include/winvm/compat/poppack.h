/* <poppack.h> for unmodified Windows sources: ends the last <pshpackN.h>. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma pack(pop)
#pragma GCC diagnostic pop
