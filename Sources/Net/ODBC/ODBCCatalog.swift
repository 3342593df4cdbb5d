internal import CODBC

/// What a driver tells of a table, as far as it does.
extension ODBCConnection {
  /// The sets of columns of which no two rows have the same; nil where the driver does not say.
  public borrowing func uniqueKeys(of table: String, schema: String?) -> [[String]]? {
    var keys: [String: [String]] = [:]
    var isTold = false
    if let rows = try? texts(Self.indexes(table, schema), columns: [5, 8]) {
      isTold = true
      for row in rows where !row[1].isEmpty { keys["index \(row[0])", default: []].append(row[1]) }
    }
    if let rows = try? texts(Self.primary(table, schema), columns: [3]) {
      isTold = isTold || !rows.isEmpty
      for row in rows { keys["primary", default: []].append(row[0]) }
    }
    return isTold ? Array(keys.values) : nil
  }

  /// Tables that refer to one, each with what happens to its rows when those that they refer to are deleted:
  /// CASCADE, SET NULL or SET DEFAULT. Empty where the driver does not say.
  public borrowing func references(to table: String, schema: String?) -> [(table: String, rule: String)] {
    let rules = ["0": "CASCADE", "2": "SET NULL", "4": "SET DEFAULT"]
    let rows = (try? texts(Self.foreign(table, schema), columns: [6, 10])) ?? []
    return rows.compactMap { row in rules[row[1]].map { (row[0], $0) } }
  }

  private borrowing func texts(
    _ ask: (esteira_odbc_calls, SQLHSTMT) -> SQLRETURN, columns: [Int]
  ) throws(SQLFault) -> [[String]] {
    let statement = try ODBCStatement(self, ask)
    guard try statement.columns().count > columns.max() ?? 0 else { return [] }
    var rows: [[String]] = []
    while try statement.next() {
      var row: [String] = []
      for column in columns {
        switch try statement.value(column) {
        case .text(let text), .document(let text): row.append(text)
        case .integer(let integer): row.append("\(integer)")
        case .null, .real, .bytes, .boolean: row.append("")
        }
      }
      rows.append(row)
    }
    return rows
  }

  private static func indexes(
    _ table: String, _ schema: String?
  ) -> (esteira_odbc_calls, SQLHSTMT) -> SQLRETURN {
    { odbc, statement in
      with(table, schema) { table, tableCount, schema, schemaCount in
        odbc.Statistics(
          statement, nil, 0, schema, schemaCount, table, tableCount, SQLUSMALLINT(SQL_INDEX_UNIQUE),
          SQLUSMALLINT(SQL_QUICK))
      }
    }
  }

  private static func primary(
    _ table: String, _ schema: String?
  ) -> (esteira_odbc_calls, SQLHSTMT) -> SQLRETURN {
    { odbc, statement in
      with(table, schema) { table, tableCount, schema, schemaCount in
        odbc.PrimaryKeys(statement, nil, 0, schema, schemaCount, table, tableCount)
      }
    }
  }

  private static func foreign(
    _ table: String, _ schema: String?
  ) -> (esteira_odbc_calls, SQLHSTMT) -> SQLRETURN {
    { odbc, statement in
      with(table, schema) { table, tableCount, schema, schemaCount in
        odbc.ForeignKeys(
          statement, nil, 0, schema, schemaCount, table, tableCount, nil, 0, nil, 0, nil, 0)
      }
    }
  }

  private static func with(
    _ table: String, _ schema: String?,
    _ body: (UnsafeMutablePointer<SQLWCHAR>?, SQLSMALLINT, UnsafeMutablePointer<SQLWCHAR>?, SQLSMALLINT)
      -> SQLRETURN
  ) -> SQLRETURN {
    var (table, schema) = (Array(table.utf16), schema.map { Array($0.utf16) } ?? [])
    let (tableCount, schemaCount) = (SQLSMALLINT(table.count), SQLSMALLINT(schema.count))
    return table.withUnsafeMutableBufferPointer { table in
      schema.withUnsafeMutableBufferPointer { schema in
        body(table.baseAddress, tableCount, schemaCount == 0 ? nil : schema.baseAddress, schemaCount)
      }
    }
  }
}
