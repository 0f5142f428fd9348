// Database: rows that an application inserts, one by one, each durable before it is confirmed. It records inserts in
// the history itself, so that one is known even if its author dies before hearing of it.
#ifndef BROKERSIM_MODEL_APP_DATABASE_H_
#define BROKERSIM_MODEL_APP_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "sim/kernel/process.h"

namespace brokersim::app {

struct InsertRow {
  static constexpr std::string_view kName = "InsertRow";
  int64_t number = 0;  // of the request, for the answer
  std::string value;
  template <class V> void Fields(V& v) const {
    v("number", number);
    v("value", value);
  }
};

struct RowInserted {
  static constexpr std::string_view kName = "RowInserted";
  int64_t number = 0;
  template <class V> void Fields(V& v) const { v("number", number); }
};

struct SelectRow {
  static constexpr std::string_view kName = "SelectRow";
  int64_t number = 0;
  std::string value;
  template <class V> void Fields(V& v) const {
    v("number", number);
    v("value", value);
  }
};

struct RowSelected {
  static constexpr std::string_view kName = "RowSelected";
  int64_t number = 0;
  bool found = false;
  template <class V> void Fields(V& v) const {
    v("number", number);
    v("found", found);
  }
};

struct SelectAll {
  static constexpr std::string_view kName = "SelectAll";
  template <class V> void Fields(V&) const {}
};

struct AllRows {
  static constexpr std::string_view kName = "AllRows";
  std::vector<std::string> values;  // sorted
  template <class V> void Fields(V& v) const { v("values", values); }
};

class Database final : public sim::Process {
 public:
  explicit Database(sim::Env& env);
  std::unique_ptr<sim::Process> Clone() const override { return std::make_unique<Database>(*this); }
  void OnMessage(const sim::Received& message, sim::Env& env, sim::Effects& out) override;
  void OnTimer(sim::Timer, sim::Env&, sim::Effects&) override {}
  void OnSynced(sim::SyncTicket ticket, sim::Env& env, sim::Effects& out) override;
  std::string_view TimerName(sim::Timer) const override { return "none"; }
  void Describe(sim::Describer& d) const override;

 private:
  // An insert that isn't durable yet, and so not visible.
  struct Commit {
    sim::ConnId conn;
    InsertRow row;
    sim::OpId op;
  };
  void Insert(const InsertRow& row, sim::ConnId conn, sim::Effects& out);

  sim::FileId file_;
  absl::btree_set<std::string> rows_;
  absl::btree_map<sim::SyncTicket, Commit> commits_;
};

class DatabaseFactory final : public sim::ProcessFactory {
 public:
  std::unique_ptr<sim::Process> Boot(sim::Env& env, sim::Effects&) const override {
    return std::make_unique<Database>(env);
  }
};

}  // namespace brokersim::app

#endif  // BROKERSIM_MODEL_APP_DATABASE_H_
