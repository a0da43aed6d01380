// SPDX-License-Identifier: Apache-2.0
//
// A wall clock that a test can turn: preloaded into the server, it adds to the time of day the seconds that stand as
// text in the file $CLOCK_FILE. The monotonic clocks, which nobody can turn, stay as they are.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long ReadShift(void) {
  char text[32] = "";
  const int file = open(getenv("CLOCK_FILE"), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = read(file, text, sizeof(text) - 1);
  close(file);
  return size > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  static int (*real)(clockid_t, struct timespec*);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += ReadShift();
  return result;
}

time_t time(time_t* now) {
  struct timespec value;
  clock_gettime(CLOCK_REALTIME, &value);
  if (now != NULL) *now = value.tv_sec;
  return value.tv_sec;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  (void)zone;
  struct timespec value;
  clock_gettime(CLOCK_REALTIME, &value);
  now->tv_sec = value.tv_sec;
  now->tv_usec = value.tv_nsec / 1000;
  return 0;
}
