/* Preloaded into a run: counts every call that changes a disk or tells somebody something, over all threads, and
   kills the process in front of the one that it was told. A child of the process is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
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

static void before(const char *name)
{
    if (!armed || armed != getpid())
        return;
    long number = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
    if (record >= 0) {
        char line[32];
        size_t length = strlen(name);
        memcpy(line, name, length);
        line[length] = '\n';
        syscall(SYS_write, record, line, length + 1);
    }
    if (number == kill_at) {
        kill(armed, SIGKILL);
        for (;;)
            pause();
    }
}

#define CALL(result, name, kind, parameters, arguments) \
    result name parameters                              \
    {                                                   \
        static result(*next) parameters;                \
        if (!next)                                      \
            next = dlsym(RTLD_NEXT, #name);             \
        before(kind);                                   \
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
            before("open");                                                   \
        return next arguments;                                                \
    }

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))
OPEN(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode))

CALL(ssize_t, write, "write", (int fd, const void *data, size_t size), (fd, data, size))
CALL(ssize_t, writev, "writev", (int fd, const struct iovec *parts, int many), (fd, parts, many))
CALL(ssize_t, pwrite, "pwrite", (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
CALL(ssize_t, pwrite64, "pwrite", (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
CALL(ssize_t, pwritev, "pwritev", (int fd, const struct iovec *parts, int many, off_t at), (fd, parts, many, at))
CALL(ssize_t, sendfile, "sendfile", (int to, int from, off_t *at, size_t size), (to, from, at, size))
CALL(ssize_t, sendfile64, "sendfile", (int to, int from, off64_t *at, size_t size), (to, from, at, size))
CALL(ssize_t, copy_file_range, "copy_file_range",
     (int from, off64_t *start, int to, off64_t *at, size_t size, unsigned flags), (from, start, to, at, size, flags))
CALL(int, fsync, "fsync", (int fd), (fd))
CALL(int, fdatasync, "fdatasync", (int fd), (fd))
CALL(int, syncfs, "syncfs", (int fd), (fd))
CALL(int, ftruncate, "ftruncate", (int fd, off_t size), (fd, size))
CALL(int, ftruncate64, "ftruncate", (int fd, off64_t size), (fd, size))
CALL(int, truncate, "truncate", (const char *path, off_t size), (path, size))
CALL(int, fallocate, "fallocate", (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
CALL(int, fallocate64, "fallocate", (int fd, int mode, off64_t at, off64_t size), (fd, mode, at, size))
CALL(int, posix_fallocate, "fallocate", (int fd, off_t at, off_t size), (fd, at, size))
CALL(int, posix_fallocate64, "fallocate", (int fd, off64_t at, off64_t size), (fd, at, size))
CALL(int, rename, "rename", (const char *from, const char *to), (from, to))
CALL(int, renameat, "rename", (int a, const char *from, int b, const char *to), (a, from, b, to))
CALL(int, renameat2, "rename", (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags))
CALL(int, link, "link", (const char *from, const char *to), (from, to))
CALL(int, linkat, "link", (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
CALL(int, symlink, "symlink", (const char *to, const char *path), (to, path))
CALL(int, symlinkat, "symlink", (const char *to, int folder, const char *path), (to, folder, path))
CALL(int, unlink, "unlink", (const char *path), (path))
CALL(int, unlinkat, "unlink", (int folder, const char *path, int flags), (folder, path, flags))
CALL(int, rmdir, "rmdir", (const char *path), (path))
CALL(int, mkdir, "mkdir", (const char *path, mode_t mode), (path, mode))
CALL(int, mkdirat, "mkdir", (int folder, const char *path, mode_t mode), (folder, path, mode))
CALL(int, chmod, "chmod", (const char *path, mode_t mode), (path, mode))
CALL(int, fchmod, "chmod", (int fd, mode_t mode), (fd, mode))
CALL(int, fchmodat, "chmod", (int folder, const char *path, mode_t mode, int flags), (folder, path, mode, flags))
