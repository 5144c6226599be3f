// Faults of the machine below a program, for LD_PRELOAD. A test steers them while the program runs: the file named by
// VOLUTUS_FAULTS is mapped as a struct faults. Writes and syncs are disturbed below the folder VOLUTUS_FAULTS_BELOW.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct faults {
    int64_t clock_ahead_seconds; // of the wall clock, not of the steady one
    int64_t sync_milliseconds;   // that a sync takes longer
    int64_t write_errno;         // how writes and syncs fail; 0: not at all
    // Renames, removals and syncs of folders are counted: what a driver does last to something it keeps as a file.
    int64_t counted; // so far
    int64_t turn;    // the number of the one with which what follows happens
    int64_t then;    // enum then
    int64_t met;     // how often it has happened
};
enum then {
    nothing,
    fails_once,
    fails, // and so do all that follow
    dies,  // the process ends
    hangs  // as long as this stands here
};

static struct faults none;
static struct faults volatile* faults = &none;
static char below[4096];

__attribute__((constructor)) static void map_faults(void) {
    char const* file = getenv("VOLUTUS_FAULTS");
    char const* folder = getenv("VOLUTUS_FAULTS_BELOW");
    if (!file || !folder) return;
    snprintf(below, sizeof below, "%s", folder);
    int const handle = open(file, O_RDWR | O_CLOEXEC);
    if (handle < 0) return;
    void* mapped = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    close(handle);
    if (mapped != MAP_FAILED) faults = mapped;
}

#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

int clock_gettime(clockid_t clock, struct timespec* now) {
    static __typeof__(&clock_gettime) next;
    if (!next) next = NEXT(clock_gettime);
    int const outcome = next(clock, now);
    if (outcome == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += faults->clock_ahead_seconds;
    return outcome;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
    (void)zone;
    struct timespec precise;
    int const outcome = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return outcome;
}

time_t time(time_t* into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into) *into = now.tv_sec;
    return now.tv_sec;
}

static int is_below(char const* path) { return strncmp(path, below, strlen(below)) == 0; }

static int is_open_below(int handle) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t const size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = '\0';
    return is_below(path);
}

static int concerns(int handle) { return (faults->write_errno || faults->sync_milliseconds) && is_open_below(handle); }

// Counts; whether it is to fail.
static int meets_its_fault(void) {
    int64_t const number = __atomic_add_fetch(&faults->counted, 1, __ATOMIC_SEQ_CST);
    int64_t const then = faults->then, turn = faults->turn;
    if (then == nothing || number < turn || (number > turn && then != fails)) return 0;
    __atomic_add_fetch(&faults->met, 1, __ATOMIC_SEQ_CST);
    if (then == dies) _exit(1);
    while (then == hangs && faults->then == hangs) usleep(10000);
    errno = EIO;
    return then != hangs;
}

static int refuses(int handle) {
    if (!faults->write_errno || !concerns(handle)) return 0;
    errno = (int)faults->write_errno;
    return 1;
}

static void wait_long(int handle) {
    int64_t const milliseconds = faults->sync_milliseconds;
    if (!milliseconds || !concerns(handle)) return;
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

int rename(char const* from, char const* to) { return is_below(to) && meets_its_fault() ? -1 : NEXT(rename)(from, to); }

int unlink(char const* path) { return is_below(path) && meets_its_fault() ? -1 : NEXT(unlink)(path); }

int fsync(int handle) {
    if (refuses(handle) || (is_open_below(handle) && meets_its_fault())) return -1;
    wait_long(handle);
    return NEXT(fsync)(handle);
}

int fdatasync(int handle) {
    if (refuses(handle)) return -1;
    wait_long(handle);
    return NEXT(fdatasync)(handle);
}

ssize_t write(int handle, void const* from, size_t size) {
    static __typeof__(&write) next;
    if (!next) next = NEXT(write);
    return refuses(handle) ? -1 : next(handle, from, size);
}

ssize_t pwrite(int handle, void const* from, size_t size, off_t offset) {
    return refuses(handle) ? -1 : NEXT(pwrite)(handle, from, size, offset);
}

ssize_t pwrite64(int handle, void const* from, size_t size, off64_t offset) {
    return refuses(handle) ? -1 : NEXT(pwrite64)(handle, from, size, offset);
}
