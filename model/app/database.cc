#include "model/app/database.h"

#include <utility>

namespace brokersim::app {

Database::Database(sim::Env& env) : file_(env.Open("rows")) {
  for (const sim::Block& block : env.disk().file(file_).blocks) {
    if (block.damaged) break;
    rows_.insert(block.content->As<InsertRow>()->value);
  }
}

void Database::OnMessage(const sim::Received& message, sim::Env&, sim::Effects& out) {
  if (const auto* insert = message.payload.As<InsertRow>()) {
    Insert(*insert, message.conn, out);
  } else if (const auto* select = message.payload.As<SelectRow>()) {
    out.Send(message.conn, sim::MakePayload(RowSelected{select->number, rows_.contains(select->value)}));
  } else {
    CHECK(message.payload.As<SelectAll>() != nullptr, "the database got a {}", message.payload.name());
    out.Send(message.conn, sim::MakePayload(AllRows{{rows_.begin(), rows_.end()}}));
  }
}

void Database::Insert(const InsertRow& row, sim::ConnId conn, sim::Effects& out) {
  formats::Operation operation;
  operation.set_f("insert");
  operation.mutable_value()->set_text(row.value);
  const sim::OpId op = out.Invoke(std::move(operation));
  out.Append(file_, sim::MakePayload(row));
  const sim::SyncTicket ticket = out.Sync(file_);
  commits_.emplace(ticket, Commit{conn, row, op});
}

void Database::OnSynced(sim::SyncTicket ticket, sim::Env&, sim::Effects& out) {
  const auto found = commits_.find(ticket);
  CHECK(found != commits_.end(), "a sync that nobody asked for");
  const Commit& commit = found->second;
  rows_.insert(commit.row.value);
  formats::Operation operation;
  operation.set_f("insert");
  operation.set_type(formats::Operation::OK);
  operation.mutable_value()->set_text(commit.row.value);
  out.Complete(commit.op, std::move(operation));
  out.Send(commit.conn, sim::MakePayload(RowInserted{commit.row.number}));
  commits_.erase(found);
}

void Database::Describe(sim::Describer& d) const { d.Set("rows", static_cast<int64_t>(rows_.size())); }

}  // namespace brokersim::app
