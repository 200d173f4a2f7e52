/* Preloaded into a run: counts every call that changes a disk or tells somebody something, over all threads, and
   kills the process in front of the one that it was told. A child of the process is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long kill_at;   /* 0: only count */
static long count;
static int record = -1;
static volatile pid_t armed;

/* Arm this process: kill it in front of call number `number` (0: never), and note each call in the file `path`. */
void kills_arm(long number, const char *path)
{
    kill_at = number;
    count = 0;
    if (path && *path)
        record = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    armed = getpid();
}

__attribute__((constructor)) static void arm_from_environment(void)
{
    const char *number = getenv("KILLS_AT"), *path = getenv("KILLS_RECORD");
    if (!number)
        return;
    kills_arm(atol(number), path);
    unsetenv("KILLS_AT");
    unsetenv("KILLS_RECORD");
}

/* The last part of the path that a descriptor stands for. */
static const char *name_of(int fd, char *path, size_t size)
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = fd < 0 ? -1 : readlink(link, path, size - 1);
    path[length < 0 ? 0 : length] = 0;
    char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void before(const char *name, int fd)
{
    if (!armed || armed != getpid())
        return;
    long number = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    if (record >= 0) {
        char line[512], path[4096];
        int length = snprintf(line, sizeof line, "%s %.200s\n", name, name_of(fd, path, sizeof path));
        syscall(SYS_write, record, line, length);
    }
    if (number == kill_at) {
        kill(armed, SIGKILL);
        for (;;)
            pause();
    }
}

#define CALL(result, name, kind, file, parameters, arguments) \
    result name parameters                              \
    {                                                   \
        static result(*next) parameters;                \
        if (!next)                                      \
            next = dlsym(RTLD_NEXT, #name);             \
        before(kind, file);                                     \
        return next arguments;                          \
    }

#define OPEN(name, parameters, arguments)                                     \
    int name parameters                                                       \
    {                                                                         \
        static int(*next) parameters;                                         \
        mode_t mode = 0;                                                      \
        if (!next)                                                            \
            next = dlsym(RTLD_NEXT, #name);                                   \
        if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {          \
            va_list rest;                                                     \
            va_start(rest, flags);                                            \
            mode = va_arg(rest, mode_t);                                      \
            va_end(rest);                                                     \
        }                                                                     \
        if (flags & (O_CREAT | O_TRUNC))                                      \
            before("open", -1);                                                   \
        return next arguments;                                                \
    }

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPEN(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

CALL(ssize_t, write, "write", fd, (int fd, const void *data, size_t size), (fd, data, size))
CALL(ssize_t, writev, "writev", fd, (int fd, const struct iovec *parts, int many), (fd, parts, many))
CALL(ssize_t, pwrite, "pwrite", fd, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
CALL(ssize_t, pwrite64, "pwrite", fd, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
CALL(ssize_t, pwritev, "pwritev", fd, (int fd, const struct iovec *parts, int many, off_t at), (fd, parts, many, at))
CALL(ssize_t, sendfile, "sendfile", to, (int to, int from, off_t *at, size_t size), (to, from, at, size))
CALL(ssize_t, sendfile64, "sendfile", to, (int to, int from, off64_t *at, size_t size), (to, from, at, size))
CALL(ssize_t, copy_file_range, "copy_file_range", to, (int from, off64_t *start, int to, off64_t *at, size_t size, unsigned flags), (from, start, to, at, size, flags))
CALL(int, fsync, "fsync", fd, (int fd), (fd))
CALL(int, fdatasync, "fdatasync", fd, (int fd), (fd))
CALL(int, syncfs, "syncfs", fd, (int fd), (fd))
CALL(int, ftruncate, "ftruncate", fd, (int fd, off_t size), (fd, size))
CALL(int, ftruncate64, "ftruncate", fd, (int fd, off64_t size), (fd, size))
CALL(int, truncate, "truncate", -1, (const char *path, off_t size), (path, size))
CALL(int, fallocate, "fallocate", fd, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
CALL(int, fallocate64, "fallocate", fd, (int fd, int mode, off64_t at, off64_t size), (fd, mode, at, size))
CALL(int, posix_fallocate, "fallocate", fd, (int fd, off_t at, off_t size), (fd, at, size))
CALL(int, posix_fallocate64, "fallocate", fd, (int fd, off64_t at, off64_t size), (fd, at, size))
CALL(int, rename, "rename", -1, (const char *from, const char *to), (from, to))
CALL(int, renameat, "rename", -1, (int a, const char *from, int b, const char *to), (a, from, b, to))
CALL(int, renameat2, "rename", -1, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
CALL(int, link, "link", -1, (const char *from, const char *to), (from, to))
CALL(int, linkat, "link", -1, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
CALL(int, symlink, "symlink", -1, (const char *to, const char *path), (to, path))
CALL(int, symlinkat, "symlink", -1, (const char *to, int folder, const char *path), (to, folder, path))
CALL(int, unlink, "unlink", -1, (const char *path), (path))
CALL(int, unlinkat, "unlink", -1, (int folder, const char *path, int flags), (folder, path, flags))
CALL(int, rmdir, "rmdir", -1, (const char *path), (path))
CALL(int, mkdir, "mkdir", -1, (const char *path, mode_t mode), (path, mode))
CALL(int, mkdirat, "mkdir", -1, (int folder, const char *path, mode_t mode), (folder, path, mode))
CALL(int, chmod, "chmod", -1, (const char *path, mode_t mode), (path, mode))
CALL(int, fchmod, "chmod", fd, (int fd, mode_t mode), (fd, mode))
CALL(int, fchmodat, "chmod", -1, (int folder, const char *path, mode_t mode, int flags), (folder, path, mode, flags))
