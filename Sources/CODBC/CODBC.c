#include "CODBC.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static esteira_odbc_calls calls;
static char why[400];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *find(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (!found && !why[0]) snprintf(why, sizeof why, "unixODBC has no %s", name);
  return found;
}

static void load(void) {
  void *manager = dlopen("libodbc.so.2", RTLD_NOW | RTLD_LOCAL);
  void *installer = manager ? dlopen("libodbcinst.so.2", RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!manager || !installer) {
    const char *said = dlerror();
    snprintf(why, sizeof why, "%s", said ? said : "libodbc.so.2 is not there");
    return;
  }
#define FIND(name, symbol) calls.name = find(manager, symbol)
  FIND(AllocHandle, "SQLAllocHandle");
  FIND(FreeHandle, "SQLFreeHandle");
  FIND(SetConnectAttr, "SQLSetConnectAttr");
  FIND(DriverConnect, "SQLDriverConnectW");
  FIND(Disconnect, "SQLDisconnect");
  FIND(GetInfo, "SQLGetInfoW");
  FIND(EndTran, "SQLEndTran");
  FIND(SetStmtAttr, "SQLSetStmtAttr");
  FIND(Prepare, "SQLPrepareW");
  FIND(NumParams, "SQLNumParams");
  FIND(DescribeParam, "SQLDescribeParam");
  FIND(BindParameter, "SQLBindParameter");
  FIND(Execute, "SQLExecute");
  FIND(ExecDirect, "SQLExecDirectW");
  FIND(NumResultCols, "SQLNumResultCols");
  FIND(DescribeCol, "SQLDescribeColW");
  FIND(RowCount, "SQLRowCount");
  FIND(Fetch, "SQLFetch");
  FIND(GetData, "SQLGetData");
  FIND(MoreResults, "SQLMoreResults");
  FIND(FreeStmt, "SQLFreeStmt");
  FIND(Cancel, "SQLCancel");
  FIND(GetDiagRec, "SQLGetDiagRecW");
  FIND(Statistics, "SQLStatisticsW");
  FIND(PrimaryKeys, "SQLPrimaryKeysW");
  FIND(ForeignKeys, "SQLForeignKeysW");
  calls.ProfileString = find(installer, "SQLGetPrivateProfileString");
  if (why[0]) return;
  if (calls.AllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &calls.environment) != SQL_SUCCESS) {
    snprintf(why, sizeof why, "unixODBC gave no environment");
    return;
  }
  __typeof__(&SQLSetEnvAttr) set = find(manager, "SQLSetEnvAttr");
  if (set) set(calls.environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
}

const esteira_odbc_calls *esteira_odbc(void) {
  pthread_once(&once, load);
  return why[0] ? NULL : &calls;
}

const char *esteira_odbc_why(void) { return why; }
