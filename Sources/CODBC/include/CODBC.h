#pragma once
#include <odbcinst.h>
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

/// What is called of unixODBC's driver manager, found when it is first needed. Texts go as UTF-16, which no
/// locale changes.
typedef struct {
  __typeof__(&SQLAllocHandle) AllocHandle;
  __typeof__(&SQLFreeHandle) FreeHandle;
  __typeof__(&SQLSetConnectAttr) SetConnectAttr;
  __typeof__(&SQLDriverConnectW) DriverConnect;
  __typeof__(&SQLDisconnect) Disconnect;
  __typeof__(&SQLGetInfoW) GetInfo;
  __typeof__(&SQLEndTran) EndTran;
  __typeof__(&SQLSetStmtAttr) SetStmtAttr;
  __typeof__(&SQLPrepareW) Prepare;
  __typeof__(&SQLNumParams) NumParams;
  __typeof__(&SQLDescribeParam) DescribeParam;
  __typeof__(&SQLBindParameter) BindParameter;
  __typeof__(&SQLExecute) Execute;
  __typeof__(&SQLExecDirectW) ExecDirect;
  __typeof__(&SQLNumResultCols) NumResultCols;
  __typeof__(&SQLDescribeColW) DescribeCol;
  __typeof__(&SQLRowCount) RowCount;
  __typeof__(&SQLFetch) Fetch;
  __typeof__(&SQLGetData) GetData;
  __typeof__(&SQLMoreResults) MoreResults;
  __typeof__(&SQLFreeStmt) FreeStmt;
  __typeof__(&SQLCancel) Cancel;
  __typeof__(&SQLGetDiagRecW) GetDiagRec;
  __typeof__(&SQLStatisticsW) Statistics;
  __typeof__(&SQLPrimaryKeysW) PrimaryKeys;
  __typeof__(&SQLForeignKeysW) ForeignKeys;
  /// Of libodbcinst: a value of the operator's odbc.ini.
  __typeof__(&SQLGetPrivateProfileString) ProfileString;
  /// The one environment of the process.
  SQLHENV environment;
} esteira_odbc_calls;

/// Loads the libraries at the first call; null where they are not there. From any thread.
const esteira_odbc_calls *esteira_odbc(void);
/// Why `esteira_odbc` gave null.
const char *esteira_odbc_why(void);

// Macros that Swift does not import, being expressions or casts.
static const SQLSMALLINT ESTEIRA_C_BIGINT = SQL_C_SBIGINT;
static const SQLSMALLINT ESTEIRA_C_DOUBLE = SQL_C_DOUBLE;
static const SQLSMALLINT ESTEIRA_C_BIT = SQL_C_BIT;
static const SQLSMALLINT ESTEIRA_C_WCHAR = SQL_C_WCHAR;
static const SQLSMALLINT ESTEIRA_C_BINARY = SQL_C_BINARY;
