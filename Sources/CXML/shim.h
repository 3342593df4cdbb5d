#pragma once
#include <libxml/HTMLparser.h>
#include <libxml/xmlreader.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

/* Some mistakes in XPath are printed, whoever asked. The function below says nothing; each thread has its own. */
static inline void esteira_xml_print_nothing(void *context, const char *message, ...) {
  (void)context;
  (void)message;
}
static inline void esteira_xml_be_quiet(void) { xmlSetGenericErrorFunc(NULL, esteira_xml_print_nothing); }
