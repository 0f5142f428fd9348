#include "tests/checker/linear/recorded.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fmt/format.h"

namespace brokersim::checker {
namespace {

constexpr int kLinearizableEtcd[] = {2, 5, 7, 18, 25, 31, 38, 45, 48, 49};

// Medians of Porcupine's plain verdict, milliseconds, for etcd_000 and on.
constexpr double kPorcupineEtcd[] = {
    0.58, 0.55, 467.40, 0.43, 0.13, 0.36, 0.32,  326.35, 0.19, 0.22, 0.14, 0.34, 0.13, 0.11, 0.11, 0.24, 0.10,
    0.13, 0.96, 0.53,   0.21, 0.12, 0.12, 0.24,  0.21,   0.18, 0.18, 0.17, 0.20, 0.29, 0.13, 0.13, 0.15, 0.18,
    0.15, 0.10, 0.13,   0.31, 0.16, 0.17, 27.57, 0.10,   0.19, 0.11, 0.51, 0.14, 0.14, 0.24, 0.22, 0.15};

}  // namespace

std::vector<Recorded> RecordedHistories() {
  const char* folder = std::getenv("BROKERSIM_HISTORIES");
  if (folder == nullptr || !std::filesystem::is_directory(folder)) {
    std::printf("note: no recorded histories: BROKERSIM_HISTORIES names no folder\n");
    return {};
  }
  const std::string root = folder;
  std::vector<Recorded> all;
  for (int i = 0; i < 50; ++i) {
    const std::string name = fmt::format("porcupine/etcd/etcd_{:03}.log", i);
    const bool good = std::count(std::begin(kLinearizableEtcd), std::end(kLinearizableEtcd), i) > 0;
    all.push_back({root + "/" + name, name, "cas-register", good, kPorcupineEtcd[i] * 1000});
  }
  const auto kv = [&](const std::string& name, bool good, double us) {
    all.push_back({root + "/porcupine/kv/" + name, "porcupine/kv/" + name, "append-kv", good, us});
  };
  kv("c01-ok.txt", true, 140);
  kv("c01-bad.txt", false, 80);
  kv("c10-ok.txt", true, 1090);
  for (const bool good : {true, false}) {
    std::vector<std::string> names;
    const std::string sub = std::string("/knossos/cas-register/") + (good ? "good" : "bad");
    for (const auto& entry : std::filesystem::directory_iterator(root + sub)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names)
      all.push_back({root + sub + "/" + name, sub.substr(1) + "/" + name, "cas-register", good});
  }
  return all;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace brokersim::checker
