/* Recorder of what a process does to the files of one folder, for tests of power cuts.

   Preloaded into a process it writes each change of a file below POWER_CUT_FOLDER, and each sync, to POWER_CUT_LOG in the
   order in which they happened. Python (disk.py) makes of it what a disk would hold had the power failed in between.

   A record: u32 length of what follows; u8 operation; u64 offset; u32 length of the path; path; the rest is data.
   Operations: w write, t truncate (offset is the size), r rename (data is the new path), u unlink, s sync of a file.
   Changes through a mapped file are not seen: of the files of ours only SQLite's -shm is mapped, which a power cut ends. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static char folder[PATH_MAX];
static size_t folder_length;

static void *original(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("POWER_CUT_LOG"), *below = getenv("POWER_CUT_FOLDER");
    if (!log || !below || !realpath(below, folder)) return;
    folder_length = strlen(folder);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    /* Out of the way of programs that close or reuse low numbers. */
    log_fd = fd < 0 ? -1 : (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 900);
}

static int is_below(const char *path) {
    return log_fd >= 0 && !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

/* The path of an open file, or 0 where it is none below the folder. */
static int path_of(int fd, char *path) {
    char link[64];
    if (log_fd < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static void note(char operation, const char *path, uint64_t offset, const void *data, size_t length) {
    uint32_t path_length = (uint32_t)strlen(path), total = (uint32_t)(1 + 8 + 4 + path_length + length);
    struct iovec parts[6] = {{&total, 4}, {&operation, 1}, {&offset, 8}, {&path_length, 4},
                             {(void *)path, path_length}, {(void *)data, length}};
    if (syscall(SYS_writev, log_fd, parts, 6) != (long)(total + 4)) abort();
}

static uint64_t place_of(int fd) {
    struct stat state;
    if ((fcntl(fd, F_GETFL) & O_APPEND) && !fstat(fd, &state)) return (uint64_t)state.st_size;
    return (uint64_t)lseek(fd, 0, SEEK_CUR);
}

/* One change at a time, so that the order of the records is that of the changes. */
#define RECORDED(fd, call, operation, offset, data, length)                         \
    char path[PATH_MAX];                                                             \
    if (!path_of(fd, path)) return call;                                             \
    pthread_mutex_lock(&lock);                                                       \
    uint64_t at = (offset);                                                          \
    ssize_t done = call;                                                             \
    int why = errno;                                                                 \
    if (done >= 0) note(operation, path, at, data, length);                          \
    pthread_mutex_unlock(&lock);                                                     \
    errno = why;                                                                     \
    return done;

ssize_t write(int fd, const void *data, size_t size) {
    ssize_t (*call)(int, const void *, size_t) = original("write");
    RECORDED(fd, call(fd, data, size), 'w', place_of(fd), data, (size_t)done)
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    ssize_t (*call)(int, const void *, size_t, off_t) = original("pwrite");
    RECORDED(fd, call(fd, data, size, offset), 'w', (uint64_t)offset, data, (size_t)done)
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    ssize_t (*call)(int, const void *, size_t, off64_t) = original("pwrite64");
    RECORDED(fd, call(fd, data, size, offset), 'w', (uint64_t)offset, data, (size_t)done)
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    if (!path_of(fd, path)) return ((ssize_t (*)(int, const struct iovec *, int))original("writev"))(fd, parts, count);
    /* Part by part: a short write of one ends it, as the call's contract allows. */
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (done < 0) return all ? all : done;
        all += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return all;
}

int ftruncate(int fd, off_t size) {
    int (*call)(int, off_t) = original("ftruncate");
    RECORDED(fd, call(fd, size), 't', (uint64_t)size, "", 0)
}

int ftruncate64(int fd, off64_t size) {
    int (*call)(int, off64_t) = original("ftruncate64");
    RECORDED(fd, call(fd, size), 't', (uint64_t)size, "", 0)
}

/* Space that is reserved and not written reads as zeros: it is not recorded, and the file is longer than its record. */

int fsync(int fd) {
    int (*call)(int) = original("fsync");
    RECORDED(fd, call(fd), 's', 0, "", 0)
}

int fdatasync(int fd) {
    int (*call)(int) = original("fdatasync");
    RECORDED(fd, call(fd), 's', 0, "", 0)
}

static void absolute(int at, const char *path, char *whole) {
    char base[PATH_MAX];
    if (path[0] == '/') { snprintf(whole, PATH_MAX, "%s", path); return; }
    if (at == AT_FDCWD) { if (!getcwd(base, sizeof base)) base[0] = 0; }
    else if (!path_of(at, base)) base[0] = 0;
    if (snprintf(whole, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) whole[0] = 0;
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned int flags) {
    char old[PATH_MAX], new[PATH_MAX];
    absolute(from_at, from, old);
    absolute(to_at, to, new);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags), why = errno;
    if (!done && is_below(old)) note('r', old, 0, new, strlen(new));
    pthread_mutex_unlock(&lock);
    errno = why;
    return done;
}

int renameat(int from_at, const char *from, int to_at, const char *to) { return renameat2(from_at, from, to_at, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int at, const char *path, int flags) {
    char whole[PATH_MAX];
    absolute(at, path, whole);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_unlinkat, at, path, flags), why = errno;
    if (!done && is_below(whole)) note('u', whole, 0, "", 0);
    pthread_mutex_unlock(&lock);
    errno = why;
    return done;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int remove(const char *path) {
    int done = unlinkat(AT_FDCWD, path, 0);
    return done && errno == EISDIR ? unlinkat(AT_FDCWD, path, AT_REMOVEDIR) : done;
}

/* Copies within the kernel have no data to record: whoever asks for one reads and writes instead. */
ssize_t sendfile(int to, int from, off_t *offset, size_t size) {
    char path[PATH_MAX];
    if (path_of(to, path)) { errno = ENOTSOCK; return -1; }
    return syscall(SYS_sendfile, to, from, offset, size);
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t size) { return sendfile(to, from, offset, size); }

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size, unsigned int flags) {
    char path[PATH_MAX];
    if (path_of(to, path)) { errno = EXDEV; return -1; }
    return syscall(SYS_copy_file_range, from, from_offset, to, to_offset, size, flags);
}

static int open_recorded(int at, const char *path, int flags, mode_t mode) {
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    char whole[PATH_MAX];
    if (fd >= 0 && (flags & (O_CREAT | O_TRUNC)) && (flags & O_ACCMODE) != O_RDONLY && path_of(fd, whole)) {
        struct stat state;
        pthread_mutex_lock(&lock);
        if (!fstat(fd, &state) && state.st_size == 0) note('t', whole, 0, "", 0);
        pthread_mutex_unlock(&lock);
    }
    return fd;
}

#define MODE                                                                          \
    mode_t mode = 0;                                                                  \
    if (flags & (O_CREAT | O_TMPFILE)) {                                              \
        va_list more;                                                                 \
        va_start(more, flags);                                                        \
        mode = va_arg(more, mode_t);                                                  \
        va_end(more);                                                                 \
    }

int open(const char *path, int flags, ...) { MODE return open_recorded(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_recorded(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return open_recorded(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return open_recorded(at, path, flags | O_LARGEFILE, mode); }
