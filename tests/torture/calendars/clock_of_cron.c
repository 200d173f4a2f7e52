/* A clock for Debian's cron, to be preloaded: sleeping moves it, and starting a command notes the time instead.
 *
 * CLOCK_START and CLOCK_END are seconds since 1970, CLOCK_NOTES is the file that takes a line for each command:
 * the second and the command. The time zone is TZ's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static time_t now;

time_t time(time_t *into) {
    if (now == 0)
        now = atol(getenv("CLOCK_START"));
    if (now >= atol(getenv("CLOCK_END")))
        _exit(0);
    if (into != NULL)
        *into = now;
    return now;
}

unsigned int sleep(unsigned int seconds) {
    now += seconds;
    return 0;
}

/* The child that would become cron's own child: notes what it would run. */
int execle(const char *shell, const char *name, ...) {
    (void)shell;
    __builtin_va_list more;
    __builtin_va_start(more, name);
    __builtin_va_arg(more, const char *);
    const char *command = __builtin_va_arg(more, const char *);
    __builtin_va_end(more);
    char line[256];
    int length = snprintf(line, sizeof line, "%ld %s\n", (long)now, command);
    int notes = open(getenv("CLOCK_NOTES"), O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (notes < 0 || write(notes, line, length) != length)
        _exit(3);
    _exit(0);
}

/* No session is opened, nobody is logged in and nothing is logged. */
int pam_start(const char *service, const char *user, const void *conversation, void **handle) {
    (void)service, (void)user, (void)conversation;
    *handle = &now;
    return 0;
}
int pam_set_item(void *handle, int item, const void *value) { return (void)handle, (void)item, (void)value, 0; }
int pam_acct_mgmt(void *handle, int flags) { return (void)handle, (void)flags, 0; }
int pam_setcred(void *handle, int flags) { return (void)handle, (void)flags, 0; }
int pam_open_session(void *handle, int flags) { return (void)handle, (void)flags, 0; }
int pam_close_session(void *handle, int flags) { return (void)handle, (void)flags, 0; }
int pam_end(void *handle, int status) { return (void)handle, (void)status, 0; }
char **pam_getenvlist(void *handle) { return (void)handle, calloc(1, sizeof(char *)); }
