/*
 * Loaded before a program (LD_PRELOAD), this makes a disk fail. It counts the calls that change files in certain folders, of
 * all processes of the program together, and lets some of them fail. SQLite's own calls are counted too.
 *
 * MCIR_FAULTY_UNDER: the folders, separated by colons.
 * MCIR_FAULTY_PLAN:  a file of the numbers in `struct plan`, which all processes share.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { NONE, FULL, FAILING, REFUSED, SHORT, KILLED };

struct plan {
  unsigned long long kind;  /* which fault */
  unsigned long long at;    /* the call with this number fails; the first is 1 */
  unsigned long long ms;    /* so do all others, for so long after it */
  unsigned long long count; /* calls so far */
  unsigned long long hits;  /* how many failed */
  unsigned long long until; /* when it ends, in ms of the monotonic clock */
};

static struct plan *plan;
static const char *folders;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("MCIR_FAULTY_PLAN");
  folders = getenv("MCIR_FAULTY_UNDER");
  if (!path || !folders) return;
  int (*open_)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
  int file = open_(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *shared = mmap(NULL, sizeof(struct plan), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (shared != MAP_FAILED) plan = shared;
}

static int is_under(const char *path) {
  char whole[PATH_MAX];
  if (path[0] != '/') {
    if (!getcwd(whole, sizeof whole)) return 0;
    size_t length = strlen(whole);
    snprintf(whole + length, sizeof whole - length, "/%s", path);
    path = whole;
  }
  for (const char *folder = folders; *folder;) {
    size_t length = strcspn(folder, ":");
    if (length > 0 && !strncmp(path, folder, length) && (path[length] == '/' || path[length] == 0)) return 1;
    folder += length + (folder[length] == ':');
  }
  return 0;
}

static int is_file_under(int file) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_under(path);
}

static unsigned long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000ULL + time.tv_nsec / 1000000;
}

/* What a call does to a file. */
enum call { WRITES, FLUSHES, CUTS, MAKES, OPENS, MOVES };

/* Whether such a call can meet the planned fault at all; only those are counted. */
static int may_meet(enum call call) {
  switch (plan->kind) {
  case FULL: return call == WRITES || call == MAKES || call == FLUSHES;
  case REFUSED: return call == MAKES || call == OPENS || call == MOVES;
  case SHORT: return call == WRITES;
  default: return call != OPENS;
  }
}

/* Whether this call is to fail. */
static int fails(enum call call) {
  if (plan->kind == NONE ? call == OPENS : !may_meet(call)) return 0;
  unsigned long long number = __atomic_add_fetch(&plan->count, 1, __ATOMIC_SEQ_CST);
  if (plan->kind == NONE || plan->at == 0 || number < plan->at) return 0;
  if (number == plan->at) __atomic_store_n(&plan->until, now() + plan->ms, __ATOMIC_SEQ_CST);
  else if (now() >= __atomic_load_n(&plan->until, __ATOMIC_SEQ_CST)) return 0;
  __atomic_add_fetch(&plan->hits, 1, __ATOMIC_SEQ_CST);
  return 1;
}

static int fail(void) {
  if (plan->kind == KILLED) {
    /* The whole program at once, as a power cut would. It was started as the head of a process group. */
    kill(0, SIGKILL);
    for (;;) pause();
  }
  errno = plan->kind == FULL ? ENOSPC : plan->kind == REFUSED ? EACCES : EIO;
  return -1;
}

#define ACTUAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MEETS(call, condition) (plan && (condition) && fails(call))

/* A part is written where a write is cut short, and before a program is killed. */
#define WRITE(name, arguments, ...)                                     \
  ssize_t name(int file, const void *bytes, size_t size, ##__VA_ARGS__) { \
    if (MEETS(WRITES, is_file_under(file))) {                           \
      size_t whole = size;                                              \
      size = size > 1 ? size / 2 : size;                                \
      if (plan->kind == SHORT) return ACTUAL(name) arguments;           \
      if (plan->kind == KILLED) ACTUAL(name) arguments;                 \
      size = whole;                                                     \
      return fail();                                                    \
    }                                                                   \
    return ACTUAL(name) arguments;                                      \
  }
WRITE(write, (file, bytes, size))
WRITE(pwrite, (file, bytes, size, offset), off_t offset)
WRITE(pwrite64, (file, bytes, size, offset), off64_t offset)

#define WRITE_PARTS(name, arguments, ...)                                          \
  ssize_t name(int file, const struct iovec *parts, int count, ##__VA_ARGS__) {    \
    if (MEETS(WRITES, is_file_under(file))) {                                      \
      if (plan->kind != SHORT) return fail();                                      \
      count = count > 1 ? count / 2 : count;                                       \
    }                                                                              \
    return ACTUAL(name) arguments;                                                 \
  }
WRITE_PARTS(writev, (file, parts, count))
WRITE_PARTS(pwritev, (file, parts, count, offset), off_t offset)
WRITE_PARTS(pwritev64, (file, parts, count, offset), off64_t offset)

#define ON_FILE(name, call, arguments, ...)                                        \
  int name(int file, ##__VA_ARGS__) {                                              \
    return MEETS(call, is_file_under(file)) ? fail() : ACTUAL(name) arguments;     \
  }
ON_FILE(fsync, FLUSHES, (file))
ON_FILE(fdatasync, FLUSHES, (file))
ON_FILE(ftruncate, CUTS, (file, size), off_t size)
ON_FILE(ftruncate64, CUTS, (file, size), off64_t size)

#define ON_PATH(name, call, arguments, ...)                                        \
  int name(const char *path, ##__VA_ARGS__) {                                      \
    return MEETS(call, is_under(path)) ? fail() : ACTUAL(name) arguments;          \
  }
ON_PATH(mkdir, MAKES, (path, mode), mode_t mode)
ON_PATH(unlink, MOVES, (path))
ON_PATH(rename, MOVES, (path, to), const char *to)

#define OPEN(name)                                                                 \
  int name(const char *path, int flags, ...) {                                     \
    mode_t mode = 0;                                                               \
    if (flags & (O_CREAT | O_TMPFILE)) {                                           \
      va_list rest;                                                                \
      va_start(rest, flags);                                                       \
      mode = va_arg(rest, mode_t);                                                 \
      va_end(rest);                                                                \
    }                                                                              \
    if ((flags & O_ACCMODE) != O_RDONLY && plan && is_under(path)) {               \
      enum call call = (flags & O_CREAT) && access(path, F_OK) ? MAKES : OPENS;    \
      if (fails(call)) return fail();                                              \
    }                                                                              \
    return ACTUAL(name)(path, flags, mode);                                        \
  }
OPEN(open)
OPEN(open64)
