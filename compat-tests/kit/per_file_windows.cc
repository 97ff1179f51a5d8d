// The one Windows file of a program whose other files are POSIX ones: the headers of the host and
// of the C++ library before windows.h, or with WINDOWS_FIRST behind it, and with _WIN32.
#ifdef WINDOWS_FIRST
#include <windows.h>
#endif
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
#ifndef WINDOWS_FIRST
#include <windows.h>
#endif
#include <intrin.h>

extern "C" int posix_side(void *memory, size_t size);
extern "C" void *windows_reserve(size_t size)
{
    return VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

static void fill(std::vector<int> &v, std::mutex &lock, std::atomic<int> &n)
{
    std::lock_guard<std::mutex> guard(lock);
    v.push_back(std::max(n.fetch_add(1), 0));
}

int main()
{
    std::vector<int> v;
    std::mutex lock;
    std::atomic<int> n{0};
    std::thread a(fill, std::ref(v), std::ref(lock), std::ref(n));
    fill(v, lock, n);
    a.join();
    std::sort(v.begin(), v.end());
    if (v.size() != 2 || v[1] != 1 || min(v[0], 5) != 0) return 1;
    if (std::numeric_limits<int>::max() != 2147483647) return 2;
    if (!std::filesystem::exists(std::filesystem::path("/proc/self"))) return 3;
    std::unique_ptr<void, void (*)(void *)> block(_aligned_malloc(64, 64), _aligned_free);
    void *memory = windows_reserve(65536);
    if (!block || !memory || posix_side(memory, 65536)) return 4;
    MEMORY_BASIC_INFORMATION mbi;
    if (!VirtualQuery(memory, &mbi, sizeof(mbi)) || mbi.State != MEM_COMMIT) return 5;
    return !VirtualFree(memory, 0, MEM_RELEASE);
}
