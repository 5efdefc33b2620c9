/* Preloaded into a server: moves its wall clock and spoils its disk, both while it runs.
 *
 * FAULT_FOLDER is its data folder, without a slash at its end; FAULT_CONTROL is a file of 16 bytes that others write to:
 *   i64 nanoseconds that the wall clock is ahead, u32 state of the disk (0 well, 1 full, 2 read-only), u32 unused.
 * Only files below the folder are spoiled. Programs that the server starts are left alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WELL = 0, FULL = 1, READ_ONLY = 2, FILES = 65536 };

struct control { volatile int64_t ahead; volatile uint32_t disk, unused; };

static const char *folder;
static size_t folder_length;
static const struct control *control;
static char ours[FILES];

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULT_CONTROL"), *where = getenv("FAULT_FOLDER");
    unsetenv("LD_PRELOAD");
    if (!path || !where) return;
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    void *mapped = mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, file, 0);
    if (file < 0 || mapped == MAP_FAILED) abort();
    syscall(SYS_close, file);
    folder = where;
    folder_length = strlen(where);
    control = mapped;
}

/* The wall clock. */

static void shift(struct timespec *time) {
    int64_t total = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + control->ahead;
    time->tv_sec = total / 1000000000;
    time->tv_nsec = total % 1000000000;
}
int clock_gettime(clockid_t clock, struct timespec *time) {
    long done = syscall(SYS_clock_gettime, clock, time);
    if (!done && control && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) shift(time);
    return (int)done;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return -1;
    time->tv_sec = precise.tv_sec;
    time->tv_usec = precise.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *to) {
    struct timespec precise;
    if (clock_gettime(CLOCK_REALTIME, &precise)) return -1;
    if (to) *to = precise.tv_sec;
    return precise.tv_sec;
}

/* The disk. */

static uint32_t disk(void) { return control ? control->disk : WELL; }
static int is_below(const char *path) {
    return control && !strncmp(path, folder, folder_length) && (!path[folder_length] || path[folder_length] == '/');
}
static int is_ours(int file) { return file >= 0 && file < FILES && ours[file]; }
static int refuse(int with) {
    errno = with;
    return -1;
}
static int spoiled(void) { return disk() == FULL ? ENOSPC : disk() == READ_ONLY ? EROFS : 0; }

static int opened(int at, const char *path, int flags, mode_t mode) {
    int below = path[0] == '/' ? is_below(path) : is_ours(at);
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    if (below && disk() == READ_ONLY && writes) return refuse(EROFS);
    if (below && disk() == FULL && (flags & O_CREAT) && syscall(SYS_faccessat, at, path, F_OK) != 0) return refuse(ENOSPC);
    int file = (int)syscall(SYS_openat, at, path, flags, mode);
    if (file >= 0 && file < FILES) ours[file] = (char)below;
    return file;
}
static mode_t mode_of(int flags, va_list rest) { return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0; }

#define OPEN(NAME) \
    int NAME(const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = mode_of(flags, rest); va_end(rest); \
        return opened(AT_FDCWD, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(NAME) \
    int NAME(int at, const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = mode_of(flags, rest); va_end(rest); \
        return opened(at, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int file) {
    if (is_ours(file)) ours[file] = 0;
    return (int)syscall(SYS_close, file);
}

/* How much of a write there is room for: on a full disk, what overwrites. */
static ssize_t room(int file, size_t length, off_t at) {
    if (!is_ours(file)) return (ssize_t)length;
    if (disk() == READ_ONLY) return refuse(EROFS);
    if (disk() != FULL) return (ssize_t)length;
    struct stat now;
    if (fstat(file, &now)) return -1;
    if (at >= now.st_size) return refuse(ENOSPC);
    off_t left = now.st_size - at;
    return (off_t)length > left ? left : (ssize_t)length;
}
ssize_t pwrite(int file, const void *data, size_t length, off_t at) {
    ssize_t some = room(file, length, at);
    return some < 0 ? -1 : syscall(SYS_pwrite64, file, data, some, at);
}
ssize_t pwrite64(int file, const void *data, size_t length, off64_t at) { return pwrite(file, data, length, at); }
ssize_t write(int file, const void *data, size_t length) {
    ssize_t some = is_ours(file) ? room(file, length, lseek(file, 0, SEEK_CUR)) : (ssize_t)length;
    return some < 0 ? -1 : syscall(SYS_write, file, data, some);
}
int ftruncate(int file, off_t size) {
    struct stat now;
    if (is_ours(file) && disk() == READ_ONLY) return refuse(EROFS);
    if (is_ours(file) && disk() == FULL && !fstat(file, &now) && size > now.st_size) return refuse(ENOSPC);
    return (int)syscall(SYS_ftruncate, file, size);
}
int ftruncate64(int file, off_t size) { return ftruncate(file, size); }

static int changed(const char *path, int even_full, long number, const char *other) {
    int below = is_below(path);
    if (below && spoiled() && (disk() == READ_ONLY || even_full)) return refuse(spoiled());
    if (number == SYS_mkdirat) return (int)syscall(number, AT_FDCWD, path, 0777);
    if (number == SYS_renameat2) return (int)syscall(number, AT_FDCWD, path, AT_FDCWD, other, 0);
    return (int)syscall(number, AT_FDCWD, path, 0);
}
int mkdir(const char *path, mode_t mode) {
    (void)mode;
    return changed(path, 1, SYS_mkdirat, NULL);
}
int rename(const char *from, const char *to) { return changed(from, 0, SYS_renameat2, to); }
int unlink(const char *path) { return changed(path, 0, SYS_unlinkat, NULL); }
