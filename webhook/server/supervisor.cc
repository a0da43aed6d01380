// SPDX-License-Identifier: Apache-2.0
//
// fork(2) without exec(2): the serving process has the parsed command line and the socket already.
#include "webhook/server/supervisor.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstDelay{50};
constexpr milliseconds kLongestDelay{5'000};
constexpr int kSignalExit = 128;  // as shells tell it

// What the parent waits for. SIGCHLD is blocked in it only.
sigset_t WatchedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, each);
  return signals;
}

// The next of `signals`; 0 when none comes within `timeout`.
int AwaitSignal(const sigset_t& signals, milliseconds timeout) {
  const steady_clock::time_point end = steady_clock::now() + timeout;
  while (true) {
    const milliseconds left = std::max(std::chrono::ceil<milliseconds>(end - steady_clock::now()), milliseconds{0});
    const timespec time{.tv_sec = left.count() / 1000, .tv_nsec = (left.count() % 1000) * 1'000'000};
    const int signal = sigtimedwait(&signals, nullptr, &time);
    if (signal > 0) return signal;
    if (errno != EINTR) return 0;
  }
}

class Supervisor {
 public:
  Supervisor(Listener listener, const Log& log) : listener_(listener), log_(log), signals_(WatchedSignals()) {
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }

  Supervised Run() {
    while (true) {
      const pid_t parent = getpid();
      serving_ = fork();
      if (serving_ < 0) {
        log_.Write(LogLevel::kError, "the serving process cannot be started", {{"error", std::strerror(errno)}});
        return {.is_parent = true, .exit_code = 1};
      }
      if (serving_ == 0) return BeginServing(parent);
      started_ = steady_clock::now();
      const int status = WaitForEnd();
      if (WIFEXITED(status)) return {.is_parent = true, .exit_code = WEXITSTATUS(status)};
      const int signal = WTERMSIG(status);
      if (is_stopping_) return {.is_parent = true, .exit_code = kSignalExit + signal};
      const bool lived_long = steady_clock::now() - started_ >= kShortLife;
      failures_ = lived_long ? 1 : failures_ + 1;
      const milliseconds delay = RestartDelay(failures_);
      log_.Write(LogLevel::kError, "the serving process was ended by a signal and is started anew",
                 {{"signal", sigabbrev_np(signal) == nullptr ? StrCat(signal) : StrCat("SIG", sigabbrev_np(signal))},
                  {"restarts", StrCat(++restarts_)},
                  {"in_ms", StrCat(delay.count())}});
      if (!Pause(delay)) return {.is_parent = true, .exit_code = kSignalExit + signal};
    }
  }

 private:
  // In the child: as if there were no parent, but that it does not outlive it.
  Supervised BeginServing(pid_t parent) const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it has ended in between
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    return {.restarts = restarts_};
  }

  // The serving process's status, once it has ended. Other children, which a first process of a container inherits, are
  // only reaped.
  int WaitForEnd() {
    while (true) {
      const int signal = AwaitSignal(signals_, milliseconds{1'000});
      if (signal == SIGTERM || signal == SIGINT) Stop(signal);
      int status = 0;
      while (const pid_t ended = waitpid(-1, &status, WNOHANG)) {
        if (ended == serving_) return status;
        if (ended < 0) break;
      }
    }
  }

  void Stop(int signal) {
    is_stopping_ = true;
    if (listener_.socket >= 0) close(listener_.socket);
    listener_.socket = -1;
    kill(serving_, signal);
  }

  // False when it is told to stop meanwhile.
  bool Pause(milliseconds delay) const {
    const steady_clock::time_point end = steady_clock::now() + delay;
    while (true) {
      const milliseconds left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
      const int signal = AwaitSignal(signals_, std::max(left, milliseconds{0}));
      if (signal == SIGTERM || signal == SIGINT) return false;
      if (signal == 0) return true;
    }
  }

  Listener listener_;
  const Log& log_;
  const sigset_t signals_;
  sigset_t before_{};
  pid_t serving_ = 0;
  steady_clock::time_point started_;
  bool is_stopping_ = false;
  int failures_ = 0;
  std::uint64_t restarts_ = 0;
};

}  // namespace

milliseconds RestartDelay(int failures) {
  if (failures <= 1) return milliseconds{0};
  return std::min(kLongestDelay, kFirstDelay * (1 << std::min(failures - 2, 16)));
}

Supervised Supervise(Listener listener, const Log& log) { return Supervisor(listener, log).Run(); }

}  // namespace tidewaiter
