/*
 * A wall clock that can be moved while programs run: what clock_gettime, gettimeofday and time answer is moved by as
 * many seconds as stand in a file, which all processes share. The clocks that count from the start of the machine stay
 * as they are, as they do when somebody sets the time.
 *
 * Not libfaketime: the version of Debian makes Python's time.sleep fail (clock_nanosleep on the monotonic clock).
 *
 *     MOVED_CLOCK   the file: 8 bytes, a signed number of seconds in the order of the machine
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t none = 0;
static const volatile int64_t *moved_by = &none;

__attribute__((constructor)) static void share(void) {
    const char *path = getenv("MOVED_CLOCK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    void *shared = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED)
        moved_by = shared;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *answer) {
    int failed = syscall(SYS_clock_gettime, clock, answer);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        answer->tv_sec += *moved_by;
    return failed;
}

int gettimeofday(struct timeval *restrict answer, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    answer->tv_sec = now.tv_sec;
    answer->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *answer) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return (time_t)-1;
    if (answer != NULL)
        *answer = now.tv_sec;
    return now.tv_sec;
}
