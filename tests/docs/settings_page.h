// docs/kafka_settings.md from the tables of model/kafka/config.cc.
#ifndef BROKERSIM_TESTS_DOCS_SETTINGS_PAGE_H_
#define BROKERSIM_TESTS_DOCS_SETTINGS_PAGE_H_

#include <string>

namespace brokersim::docs {

std::string SettingsPage();

}  // namespace brokersim::docs

#endif  // BROKERSIM_TESTS_DOCS_SETTINGS_PAGE_H_
