/* CryptProtectMemory: secrets in memory, enciphered in place with a key of the process.
 *
 * Terms   block = 8 bytes, enciphered by XTEA and chained; all of the memory is turned twice,
 *         forward and back, so that each byte depends on each.
 * I1      The key is random, made once, and never leaves the process; a child of fork() has it too.
 * Locking: `making`, a leaf.   Failure: nothing changed.   Signal safety: none. */
#include <string.h>

#include "kit/kit_lock.h"
#include "kit/kit_random.h"

#define ROUNDS 32
#define DELTA 0x9e3779b9u
#define BLOCK 8u

static struct wvm_kit_lock making;
static uint32_t key[4];
static bool has_key;

static bool make_key(void)
{
    wvm_kit_lock(&making);
    if (!has_key)
        has_key = wvm_kit_random(key, sizeof key);
    bool made = has_key;
    wvm_kit_unlock(&making);
    return made;
}

static void encipher(uint32_t v[2])
{
    uint32_t sum = 0;
    for (int i = 0; i < ROUNDS; i++) {
        v[0] += (((v[1] << 4) ^ (v[1] >> 5)) + v[1]) ^ (sum + key[sum & 3]);
        sum += DELTA;
        v[1] += (((v[0] << 4) ^ (v[0] >> 5)) + v[0]) ^ (sum + key[(sum >> 11) & 3]);
    }
}

static void decipher(uint32_t v[2])
{
    uint32_t sum = DELTA * ROUNDS;
    for (int i = 0; i < ROUNDS; i++) {
        v[1] -= (((v[0] << 4) ^ (v[0] >> 5)) + v[0]) ^ (sum + key[(sum >> 11) & 3]);
        sum -= DELTA;
        v[0] -= (((v[1] << 4) ^ (v[1] >> 5)) + v[1]) ^ (sum + key[sum & 3]);
    }
}

/* The place of block i of n, from the front or from the back. */
static unsigned char *place(unsigned char *at, size_t n, size_t i, bool back)
{
    return at + BLOCK * (back ? n - 1 - i : i);
}

static void protect_pass(unsigned char *at, size_t n, bool back)
{
    uint32_t last[2] = {0}, v[2];
    for (size_t i = 0; i < n; i++) {
        memcpy(v, place(at, n, i, back), BLOCK);
        v[0] ^= last[0];
        v[1] ^= last[1];
        encipher(v);
        memcpy(place(at, n, i, back), v, BLOCK);
        memcpy(last, v, BLOCK);
    }
}

static void unprotect_pass(unsigned char *at, size_t n, bool back)
{
    uint32_t last[2] = {0}, now[2], v[2];
    for (size_t i = 0; i < n; i++) {
        memcpy(now, place(at, n, i, back), BLOCK);
        memcpy(v, now, BLOCK);
        decipher(v);
        v[0] ^= last[0];
        v[1] ^= last[1];
        memcpy(place(at, n, i, back), v, BLOCK);
        memcpy(last, now, BLOCK);
    }
}

static BOOL check(LPVOID at, DWORD size, DWORD flags)
{
    if (!at || size == 0 || size % CRYPTPROTECTMEMORY_BLOCK_SIZE != 0 ||
        flags > CRYPTPROTECTMEMORY_SAME_LOGON)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (flags != CRYPTPROTECTMEMORY_SAME_PROCESS) /* others would have to know the key */
        return wvm_kit_fail(ERROR_NOT_SUPPORTED);
    return make_key() || wvm_kit_fail(ERROR_GEN_FAILURE);
}

BOOL wvm_kit_CryptProtectMemory(LPVOID at, DWORD size, DWORD flags)
{
    if (!check(at, size, flags))
        return FALSE;
    protect_pass(at, size / BLOCK, false);
    protect_pass(at, size / BLOCK, true);
    return TRUE;
}

BOOL wvm_kit_CryptUnprotectMemory(LPVOID at, DWORD size, DWORD flags)
{
    if (!check(at, size, flags))
        return FALSE;
    unprotect_pass(at, size / BLOCK, true);
    unprotect_pass(at, size / BLOCK, false);
    return TRUE;
}

#define WVM_KIT_PROTECT
#define WVM_KIT_IN WINVM_IN_CRYPT32
#include "kit/kit_entry.h"
