/* SPDX-License-Identifier: Apache-2.0
 *
 * A workload of tests: says as one line of JSON as whom it runs, what it may do, and where it can write; then it stays
 * until it is told to end. install_test.py reads the line from the container's log. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void End(int number) {
  (void)number;
  _exit(0);
}

/* 0 when a file in this folder can be made, written and removed; otherwise errno. */
static int TryToWrite(const char* folder) {
  char path[64];
  snprintf(path, sizeof path, "%s/written-by-report", folder);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return errno;
  int result = write(file, "x", 1) == 1 ? 0 : errno;
  close(file);
  unlink(path);
  return result;
}

/* Prints these lines of /proc/self/status as members of an object. */
static void PrintStatus(const char* const* names, int count) {
  char line[256];
  FILE* status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status)) {
    for (int i = 0; i < count; ++i) {
      size_t length = strlen(names[i]);
      if (strncmp(line, names[i], length) || line[length] != ':') continue;
      printf(", \"%s\": \"%s\"", names[i], strtok(line + length + 1, " \t\n"));
    }
  }
  if (status) fclose(status);
}

int main(void) {
  static const char* const kNames[] = {"NoNewPrivs", "Seccomp", "CapEff", "CapBnd"};
  signal(SIGTERM, End);
  signal(SIGINT, End);
  printf("{\"user\": %d, \"write_root\": %d, \"write_tmp\": %d", (int)getuid(), TryToWrite(""), TryToWrite("/tmp"));
  PrintStatus(kNames, 4);
  puts("}");
  fflush(stdout);
  for (;;) pause();
}
