/* The ways of allocating that the pools' benchmark compares: malloc, whoever provides it, and
 * kernel pools. Each call goes through the program's table of imported functions. */
#include <stdlib.h>
#include <string.h>

#include <winvm/wdm.h>

#include "bench_pool.h"

enum { N_TAGS = 16 };
static const ULONG tag[N_TAGS] = {
    'aneB', 'bneB', 'cneB', 'dneB', 'eneB', 'fneB', 'gneB', 'hneB',
    'ineB', 'jneB', 'kneB', 'lneB', 'mneB', 'nneB', 'oneB', 'pneB',
};
#define TAG(i) tag[(i) % N_TAGS]
#define ONE_TAG 'eneB'

#define WAY(x) x##_malloc
#define WAY_NAME "malloc"
#define WAY_ALLOCATE malloc
#define GET(i, size) malloc(size)
#define PUT(i, p) free(p)
#include "pool_work.inc"

#define WAY(x) x##_nx
#define WAY_NAME "nx"
#define WAY_ALLOCATE ExAllocatePoolWithTag
#define GET(i, size) ExAllocatePoolWithTag(NonPagedPoolNx, size, TAG(i))
#define PUT(i, p) ExFreePoolWithTag(p, TAG(i))
#include "pool_work.inc"

#define WAY(x) x##_paged
#define WAY_NAME "paged"
#define WAY_ALLOCATE ExAllocatePoolWithTag
#define GET(i, size) ExAllocatePoolWithTag(PagedPool, size, TAG(i))
#define PUT(i, p) ExFreePoolWithTag(p, TAG(i))
#include "pool_work.inc"

#define WAY(x) x##_nx_one
#define WAY_NAME "nx-one"
#define WAY_ALLOCATE ExAllocatePoolWithTag
#define GET(i, size) ExAllocatePoolWithTag(NonPagedPoolNx, size, ONE_TAG)
#define PUT(i, p) ExFreePoolWithTag(p, ONE_TAG)
#include "pool_work.inc"

#define WAY(x) x##_paged_one
#define WAY_NAME "paged-one"
#define WAY_ALLOCATE ExAllocatePoolWithTag
#define GET(i, size) ExAllocatePoolWithTag(PagedPool, size, ONE_TAG)
#define PUT(i, p) ExFreePoolWithTag(p, ONE_TAG)
#include "pool_work.inc"
