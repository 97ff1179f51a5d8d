/* <Windows.h> as <windows.h>. */
#include "windows.h"
