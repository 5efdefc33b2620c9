/* Preloaded into a server: records what it does to the files of its data folder, with the data, in one order.
 *
 * RECORD_FOLDER is the folder, without a slash at its end; RECORD_TO is where the recording goes. An entry is
 *   u32 what, u32 length of the name, u64 offset or size, u64 length of the data, name, data.
 * Names are relative to the folder; the folder itself is ".". A call and its entry are one under the lock, so an entry
 * never stands before what it needs or behind what needs it. SQLite's "-shm" files are left out: they are memory, made
 * anew at each recovery. Nothing is recorded in children, neither forked ones nor started programs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum what { CREATE = 1, WRITE, TRUNCATE, SYNC, UNLINK, RENAME };
enum { FILES = 4096, NAME = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char names[FILES][NAME];
static const char *folder;
static size_t folder_length;
static int out = -1;

static void leave(void) { out = -1; }

__attribute__((constructor)) static void begin(void) {
    folder = getenv("RECORD_FOLDER");
    const char *to = getenv("RECORD_TO");
    unsetenv("LD_PRELOAD");
    if (!folder || !to) return;
    folder_length = strlen(folder);
    out = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0) abort();
    pthread_atfork(NULL, NULL, leave);
}

/* The name below the folder, or null for what is not recorded. */
static const char *below(const char *path) {
    if (out < 0 || strncmp(path, folder, folder_length)) return NULL;
    const char *rest = path + folder_length;
    if (!*rest) return ".";
    if (*rest++ != '/' || strchr(rest, '/') || strlen(rest) >= NAME) return NULL;
    size_t length = strlen(rest);
    return length > 4 && !strcmp(rest + length - 4, "-shm") ? NULL : rest;
}

static const char *of(int file) { return out >= 0 && file >= 0 && file < FILES && names[file][0] ? names[file] : NULL; }

static void record(enum what what, const char *name, uint64_t at, const void *data, uint64_t length) {
    struct { uint32_t what, name; uint64_t at, length; } head = { what, (uint32_t)strlen(name), at, length };
    struct iovec parts[3] = { { &head, sizeof head }, { (void *)name, head.name }, { (void *)data, length } };
    if (syscall(SYS_writev, out, parts, 3) != (long)(sizeof head + head.name + length)) abort();
}

static int opened(int at, const char *path, int flags, mode_t mode) {
    const char *name = at == AT_FDCWD || path[0] == '/' ? below(path) : NULL;
    if (!name) return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int is_new = (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    int file = (int)syscall(SYS_openat, at, path, flags, mode);
    if (file >= FILES) abort();
    if (file >= 0) {
        strcpy(names[file], name);
        if (is_new) record(CREATE, name, 0, NULL, 0);
        else if (flags & O_TRUNC) record(TRUNCATE, name, 0, NULL, 0);
    }
    int fault = errno;
    pthread_mutex_unlock(&lock);
    errno = fault;
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
    if (of(file)) names[file][0] = 0;
    return (int)syscall(SYS_close, file);
}

/* Runs the call; what it did becomes an entry. */
#define RECORDED(CALL, WHAT, AT, DATA, LENGTH) \
    const char *name = of(file); \
    if (!name) return CALL; \
    pthread_mutex_lock(&lock); \
    long done = CALL; \
    int fault = errno; \
    if (done >= 0) record(WHAT, name, AT, DATA, LENGTH); \
    pthread_mutex_unlock(&lock); \
    errno = fault; \
    return done

ssize_t pwrite(int file, const void *data, size_t length, off_t at) {
    RECORDED(syscall(SYS_pwrite64, file, data, length, at), WRITE, (uint64_t)at, data, (uint64_t)done);
}
ssize_t pwrite64(int file, const void *data, size_t length, off64_t at) { return pwrite(file, data, length, at); }

ssize_t write(int file, const void *data, size_t length) {
    uint64_t at = of(file) ? (uint64_t)lseek(file, 0, SEEK_CUR) : 0;
    RECORDED(syscall(SYS_write, file, data, length), WRITE, at, data, (uint64_t)done);
}

static long truncated(int file, off_t size) { RECORDED(syscall(SYS_ftruncate, file, size), TRUNCATE, (uint64_t)size, NULL, 0); }
int ftruncate(int file, off_t size) { return (int)truncated(file, size); }
int ftruncate64(int file, off64_t size) { return (int)truncated(file, size); }

static long synced(int file, long number) { RECORDED(syscall(number, file), SYNC, 0, NULL, 0); }
int fsync(int file) { return (int)synced(file, SYS_fsync); }
int fdatasync(int file) { return (int)synced(file, SYS_fdatasync); }

/* The name that goes, and for a renaming the new one as data. */
static int moved(const char *from, const char *to) {
    const char *name = below(from), *other = to ? below(to) : NULL;
    pthread_mutex_lock(&lock);
    long done = to ? syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0) : syscall(SYS_unlinkat, AT_FDCWD, from, 0);
    int fault = errno;
    if (done >= 0 && name) record(other ? RENAME : UNLINK, name, 0, other, other ? strlen(other) : 0);
    pthread_mutex_unlock(&lock);
    errno = fault;
    return (int)done;
}
int unlink(const char *path) { return moved(path, NULL); }
int rename(const char *from, const char *to) { return moved(from, to); }
