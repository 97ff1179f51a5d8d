/* Living beside a program's own platform layer: see route.c. */
#ifndef WVM_PRELOAD_ROUTE_H
#define WVM_PRELOAD_ROUTE_H

/* Looks the next definitions up and joins the program's SetLastError. Any number of calls. */
void wvm_route_init(void);

#endif
