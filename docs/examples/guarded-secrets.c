/* guarded-secrets: keys in memory that is guarded, locked and closed while nobody uses it.
 *
 * Owns the secrets of the process: each is an allocation of its own,
 *
 *     | header, read-only | guard, NOACCESS | padding, canary, SECRET | guard, never committed |
 *
 * so that the secret's last byte is the last one of a page: an access past it faults at once, and
 * so does one that leaves its pages downwards. What a write damages below the secret is noticed
 * when it is given back. Its pages are NOACCESS but between open and close, and locked into memory
 * while they are open: the system takes a lock away together with the access, so that opening locks
 * again. main() uses it for a cipher's key and shows that each wrong use is noticed. An ordinary
 * Windows source:
 *
 *     cc -I$(pkg-config --variable=includedir winvm)/winvm/compat guarded-secrets.c \
 *         -lwinvm-kit -lwinvm
 *
 * I1  A secret is found by the handler of faults through secrets[], whose entries are written under
 *     the lock and read without it: an entry is published last and withdrawn first.
 * I2  The header is written once, while nobody else knows the secret.
 * Exit status 0 when all was noticed and nothing else went wrong. */
#include <windows.h>

#include <ntsecapi.h>
#include <stdio.h>
#include <string.h>

#define MAX_SECRETS 16
#define CANARY_SIZE 16
#define PADDING 0xd5

struct secret {             /* in the header's page */
    BYTE *base;             /* of the allocation */
    BYTE *pages, *data;     /* of the open pages; of the secret in them */
    SIZE_T pages_size, size;
    BYTE canary[CANARY_SIZE];
};

typedef LONG(WINAPI *bcrypt_function)(PVOID algorithm, PUCHAR buffer, ULONG size, ULONG flags);

static struct secret *volatile secrets[MAX_SECRETS];
static CRITICAL_SECTION lock;
static SIZE_T page;
static volatile LONG faults;            /* wrong accesses so far */
static const char *volatile fault_text; /* what the last one was */

/* ---- memory ---- */

/* The system's generator: BCryptGenRandom where there is one, else the older call. */
static int fill_with_random(BYTE *at, ULONG size)
{
    HMODULE bcrypt = LoadLibraryA("bcrypt.dll");
    bcrypt_function generate = NULL;

    if (bcrypt != NULL)
        generate = (bcrypt_function)(void *)GetProcAddress(bcrypt, "BCryptGenRandom");
    /* 2: of the system, whatever the algorithm */
    return (generate != NULL && generate(NULL, at, size, 2) == 0) || RtlGenRandom(at, size);
}

/* A process may lock as much as the least size of its working set has room for: raises that when
 * it is too little. */
static int lock_pages(void *at, SIZE_T size)
{
    SIZE_T least, most;

    if (VirtualLock(at, size))
        return 1;
    if (GetLastError() != ERROR_WORKING_SET_QUOTA ||
        !GetProcessWorkingSetSize(GetCurrentProcess(), &least, &most))
        return 0;
    least += size + 8 * page;
    most = most < least + (64 * page) ? least + 64 * page : most;
    return SetProcessWorkingSetSize(GetCurrentProcess(), least, most) && VirtualLock(at, size);
}

static int protect(struct secret *s, DWORD protection)
{
    DWORD old;

    return VirtualProtect(s->pages, s->pages_size, protection, &old) &&
           (protection == PAGE_NOACCESS || lock_pages(s->pages, s->pages_size));
}

/* Header, guards and pages of an allocation of `total` bytes. */
static int lay_out(struct secret *s, SIZE_T total)
{
    DWORD old;

    s->pages = s->base + 2 * page;
    s->pages_size = total - 3 * page;
    s->data = s->pages + s->pages_size - s->size;
    if (VirtualAlloc(s->base, page, MEM_COMMIT, PAGE_READWRITE) == NULL ||
        VirtualAlloc(s->base + page, page, MEM_COMMIT, PAGE_NOACCESS) == NULL ||
        VirtualAlloc(s->pages, s->pages_size, MEM_COMMIT, PAGE_READWRITE) == NULL ||
        !lock_pages(s->pages, s->pages_size))
        return 0;
    memset(s->pages, PADDING, s->pages_size - s->size);
    memcpy(s->data - CANARY_SIZE, s->canary, CANARY_SIZE);
    memcpy(s->base, s, sizeof(*s));
    return VirtualProtect(s->base, page, PAGE_READONLY, &old) && protect(s, PAGE_NOACCESS);
}

static int publish(struct secret *s)
{
    int done = 0;

    EnterCriticalSection(&lock);
    for (int i = 0; i < MAX_SECRETS && !done; i++)
        if (secrets[i] == NULL) {
            secrets[i] = s;
            done = 1;
        }
    LeaveCriticalSection(&lock);
    return done;
}

static void withdraw(const struct secret *s)
{
    EnterCriticalSection(&lock);
    for (int i = 0; i < MAX_SECRETS; i++)
        if (secrets[i] == s)
            secrets[i] = NULL;
    LeaveCriticalSection(&lock);
}

/* A secret of so many bytes, zero, closed; NULL: no memory, no room, or nothing random. */
static struct secret *secret_new(SIZE_T size)
{
    struct secret s = {0};
    SIZE_T pages_size = (size + CANARY_SIZE + page - 1) & ~(page - 1);
    SIZE_T total = pages_size + 3 * page;

    s.size = size;
    if (!fill_with_random(s.canary, CANARY_SIZE))
        return NULL;
    s.base = (BYTE *)VirtualAlloc(NULL, total, MEM_RESERVE, PAGE_NOACCESS);
    if (s.base == NULL)
        return NULL;
    if (!lay_out(&s, total) || !publish((struct secret *)(void *)s.base)) {
        VirtualFree(s.base, 0, MEM_RELEASE);
        return NULL;
    }
    return (struct secret *)(void *)s.base;
}

static int secret_read(struct secret *s) { return protect(s, PAGE_READONLY); }
static int secret_write(struct secret *s) { return protect(s, PAGE_READWRITE); }
static int secret_close(struct secret *s) { return protect(s, PAGE_NOACCESS); }

/* Wipes a secret and gives its memory back. 0: what lies below it was written to. */
static int secret_free(struct secret *s)
{
    int whole = secret_write(s) && memcmp(s->data - CANARY_SIZE, s->canary, CANARY_SIZE) == 0;
    BYTE *base = s->base;

    for (const BYTE *p = s->pages; p < s->data - CANARY_SIZE; p++)
        whole &= *p == PADDING;
    withdraw(s);
    SecureZeroMemory(s->pages, s->pages_size);
    for (SIZE_T i = 0; i < s->pages_size; i++)
        whole &= s->pages[i] == 0;
    return VirtualUnlock(s->pages, s->pages_size) && VirtualFree(base, 0, MEM_RELEASE) && whole;
}

/* ---- faults ---- */

/* Which wrong access that is, NULL: one that has nothing to do with secrets. */
static const char *describe(const struct secret *s, const BYTE *at, int is_write)
{
    if (at < s->base || at >= s->pages + s->pages_size + page)
        return NULL;
    if (at < s->base + page)
        return "a write to the header";
    if (at < s->pages)
        return is_write ? "a write below its pages" : "a read below its pages";
    if (at >= s->pages + s->pages_size)
        return is_write ? "a write past its end" : "a read past its end";
    return is_write ? "a write while it may not be written" : "a read while it is closed";
}

/* Notes the access and lets it through, as a tool does that reports and goes on. */
static LONG CALLBACK on_fault(PEXCEPTION_POINTERS pointers)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;
    BYTE *at;

    if (record->ExceptionCode != EXCEPTION_ACCESS_VIOLATION || record->NumberParameters < 2)
        return EXCEPTION_CONTINUE_SEARCH;
    at = (BYTE *)record->ExceptionInformation[1];
    for (int i = 0; i < MAX_SECRETS; i++) {
        struct secret *s = secrets[i];
        const char *text = s ? describe(s, at, record->ExceptionInformation[0] == 1) : NULL;

        if (text == NULL)
            continue;
        fault_text = text;
        InterlockedIncrement(&faults);
        if (VirtualAlloc(at, 1, MEM_COMMIT, PAGE_READWRITE) != NULL)
            return EXCEPTION_CONTINUE_EXECUTION;
    }
    return EXCEPTION_CONTINUE_SEARCH;
}

/* The state that an access that was let through has changed. */
static int guard_again(struct secret *s)
{
    DWORD old;

    return VirtualProtect(s->base, page, PAGE_READONLY, &old) &&
           VirtualProtect(s->base + page, page, PAGE_NOACCESS, &old) &&
           VirtualFree(s->pages + s->pages_size, page, MEM_DECOMMIT) && secret_close(s);
}

/* ---- a cipher that uses one: ChaCha20 as RFC 8439 has it ---- */

static DWORD turn(DWORD x, int by)
{
    return x << by | x >> (32 - by);
}

static void quarter(DWORD *a, DWORD *b, DWORD *c, DWORD *d)
{
    *a += *b, *d = turn(*d ^ *a, 16);
    *c += *d, *b = turn(*b ^ *c, 12);
    *a += *b, *d = turn(*d ^ *a, 8);
    *c += *d, *b = turn(*b ^ *c, 7);
}

/* 64 bytes of the key's stream; the key is open while they are made. 0: it could not be. */
static int stream_block(struct secret *key, DWORD counter, const BYTE nonce[12], BYTE out[64])
{
    DWORD from[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}, x[16];

    if (!secret_read(key))
        return 0;
    memcpy(from + 4, key->data, 32);
    if (!secret_close(key))
        return 0;
    from[12] = counter;
    memcpy(from + 13, nonce, 12);
    memcpy(x, from, sizeof(x));
    for (int i = 0; i < 10; i++) {
        for (int k = 0; k < 4; k++)
            quarter(x + k, x + 4 + k, x + 8 + k, x + 12 + k);
        for (int k = 0; k < 4; k++)
            quarter(x + k, x + 4 + (k + 1) % 4, x + 8 + (k + 2) % 4, x + 12 + (k + 3) % 4);
    }
    for (int i = 0; i < 16; i++)
        x[i] += from[i];
    memcpy(out, x, 64);
    SecureZeroMemory(x, sizeof(x));
    SecureZeroMemory(from, sizeof(from));
    return 1;
}

struct work {
    struct secret *key;
    BYTE out[64];
    int done;
};

static DWORD WINAPI encrypt(void *arg)
{
    static const BYTE nonce[12] = {0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0};
    struct work *w = (struct work *)arg;

    w->done = stream_block(w->key, 1, nonce, w->out);
    return 0;
}

/* ---- what is shown ---- */

static int bad;

static void say(int right, const char *what)
{
    printf("%s: %s\n", what, right ? "yes" : "NO");
    bad |= !right;
}

/* One wrong access at this place: exactly one fault, of the kind that is expected. */
static void try_access(struct secret *s, BYTE *at, int is_write, const char *expected)
{
    LONG before = faults;
    volatile BYTE *p = at;
    BYTE value;

    fault_text = "nothing";
    if (is_write) {
        *p = 1;
    } else {
        value = *p;
        (void)value;
    }
    printf("%s: %s\n", expected, faults == before + 1 ? fault_text : "not noticed");
    bad |= faults != before + 1 || strcmp(fault_text, expected) != 0 || !guard_again(s);
}

static void show_states(struct secret *s)
{
    MEMORY_BASIC_INFORMATION header, below, pages, above;

    say(VirtualQuery(s->base, &header, sizeof(header)) && header.Protect == PAGE_READONLY &&
            VirtualQuery(s->base + page, &below, sizeof(below)) &&
            below.State == MEM_COMMIT && below.Protect == PAGE_NOACCESS &&
            VirtualQuery(s->pages + s->pages_size, &above, sizeof(above)) &&
            above.State == MEM_RESERVE,
        "the header is read-only, guards are on both sides");
    say(VirtualQuery(s->pages, &pages, sizeof(pages)) && pages.Protect == PAGE_NOACCESS,
        "it is closed");
    say(secret_read(s) && VirtualQuery(s->pages, &pages, sizeof(pages)) &&
            pages.Protect == PAGE_READONLY && secret_close(s),
        "it opens for reading, and closes");
}

static void show_cipher(struct secret *key)
{
    struct work w = {key, {0}, 0};
    HANDLE thread = NULL;

    say(secret_write(key), "the key is open");
    for (int i = 0; i < 32; i++)
        key->data[i] = (BYTE)i;
    say(secret_close(key), "the key is closed");
    thread = CreateThread(NULL, 0, encrypt, &w, 0, NULL);
    say(thread != NULL && WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0 && w.done,
        "a thread encrypts with it");
    if (thread != NULL)
        CloseHandle(thread);
    for (int i = 0; i < 64; i++)
        printf("%02x%s", w.out[i], i % 16 == 15 ? "\n" : " ");
}

int main(void)
{
    struct secret *key, *large;
    SYSTEM_INFO si;
    void *handler;

    GetSystemInfo(&si);
    page = si.dwPageSize;
    InitializeCriticalSection(&lock);
    handler = AddVectoredExceptionHandler(1, on_fault);
    key = secret_new(32);
    large = secret_new(600 * 1024); /* more than a working set has room for at first */
    say(handler != NULL && key != NULL && large != NULL, "two secrets, locked into memory");
    if (bad)
        return 1;
    show_states(key);
    show_cipher(key);
    say(faults == 0, "up to here no fault");
    try_access(key, key->data, 0, "a read while it is closed");
    try_access(key, key->data + 31, 1, "a write while it may not be written");
    try_access(key, key->data + 32, 1, "a write past its end");
    try_access(key, key->data + 32, 0, "a read past its end");
    try_access(large, large->pages - 1, 1, "a write below its pages");
    try_access(large, large->base, 1, "a write to the header");
    say(secret_write(large), "the large one is open");
    large->data[-1] ^= 1; /* below the secret, in its page: there the canary is */
    say(secret_close(large) && !secret_free(large), "the damaged canary is noticed at the end");
    say(secret_free(key), "the other one was whole, it is wiped and gone");
    say(RemoveVectoredExceptionHandler(handler) != 0, "the handler is gone");
    DeleteCriticalSection(&lock);
    return bad;
}
