internal import CSQLite

// Which actions the engine may compile into a statement. What is not named is refused.
extension SQLiteGuard {
  /// The prefix of the tables in which we keep records.
  static let ownPrefix = "_esteira_"

  /// Pragmas that only tell about the schema, with an argument that names a part of it.
  private static let tellingOf: Set<String> = [
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
  ]
  /// Pragmas that only tell, without an argument: with one, some of them would write.
  private static let telling: Set<String> = [
    "table_list", "collation_list", "function_list", "user_version", "application_id", "encoding",
    "page_count", "data_version", "page_size", "freelist_count", "compile_options",
  ]
  /// Functions that reach out of the database.
  private static let reaching: Set<String> = [
    "load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "sqlite_dbpage",
  ]
  /// Modules whose virtual tables live in the database alone.
  private static let modules: Set<String> = ["fts3", "fts4", "fts5", "rtree", "rtree_i32", "geopoly"]

  /// `first` and `second` are what the engine says of it: a table and a column, a pragma and its value.
  func judges(_ code: Int32, _ first: String, _ second: String?) -> Bool {
    if allowance.contains(.control) { return true }
    switch code {
    case SQLITE_SELECT, SQLITE_RECURSIVE:
      actions.selects = true
      return true
    case SQLITE_READ: return reads(first, second ?? "")
    case SQLITE_FUNCTION: return calls(second ?? "")
    case SQLITE_PRAGMA: return tells(first, second)
    case SQLITE_INSERT: return changes("insert", first, .insert)
    case SQLITE_UPDATE: return changes("update", first, .update)
    case SQLITE_DELETE: return changes("delete", first, .delete)
    case SQLITE_CREATE_VTABLE: return creates(first, second ?? "")
    default: return others(code, first, second)
    }
  }

  private func reads(_ table: String, _ column: String) -> Bool {
    actions.read(table, column)
    let name = table.lowercased()
    let pragma = "pragma_"
    guard name.hasPrefix(pragma) else { return !Self.reaching.contains(name) || denies("read", table) }
    let word = String(name.dropFirst(pragma.count))
    return Self.tellingOf.contains(word) || Self.telling.contains(word) || denies("pragma", word)
  }

  private func calls(_ function: String) -> Bool {
    actions.call(function.lowercased())
    return !Self.reaching.contains(function.lowercased()) || denies("function", function)
  }

  private func tells(_ pragma: String, _ value: String?) -> Bool {
    let known = value == nil ? Self.telling : Self.tellingOf
    return known.contains(pragma.lowercased()) || denies("pragma", pragma)
  }

  private func changes(_ action: String, _ table: String, _ needed: SQLAllowance) -> Bool {
    if Self.isSchema(table) {
      // A virtual table asks to update the schema when it is first read. A statement that really does so is
      // refused by the engine: the schema is not writable.
      return needed == .update || allowance.contains(.schema) || allowance.contains(needed)
        || denies("change", "the schema")
    }
    actions.change(SQLActions.Change(action, table))
    return isOurs(table) && allowance.contains(needed) || denies(action, table)
  }

  /// The engine keeps the schema in tables, which making and dropping tables writes.
  private static func isSchema(_ table: String) -> Bool {
    let name = table.lowercased()
    return ["sqlite_master", "sqlite_temp_master", "sqlite_sequence"].contains(name)
      || name.hasPrefix("sqlite_stat")
  }

  private func creates(_ table: String, _ module: String) -> Bool {
    actions.change(SQLActions.Change("create", table))
    let isKnown = Self.modules.contains(module.lowercased())
    return allowance.contains(.schema) && isOurs(table) && isKnown || denies("create", table)
  }

  private func isOurs(_ table: String) -> Bool {
    !table.lowercased().hasPrefix(Self.ownPrefix) || allowance.contains(.records)
  }

  private func others(_ code: Int32, _ first: String, _ second: String?) -> Bool {
    guard let word = Self.schemaWords[code] else { return denies(Self.words[code] ?? "other", first) }
    let object = code == SQLITE_ALTER_TABLE ? second ?? "" : first
    actions.change(SQLActions.Change(word, object))
    let isFree = isOurs(first) && second.map(isOurs) != false
    return allowance.contains(.schema) && isFree || denies(word, object)
  }

  private func denies(_ action: String, _ object: String) -> Bool {
    actions.denied.append(SQLActions.Change(action, object))
    return false
  }

  private static let schemaWords: [Int32: String] = [
    SQLITE_CREATE_TABLE: "create", SQLITE_CREATE_INDEX: "create", SQLITE_CREATE_VIEW: "create",
    SQLITE_CREATE_TRIGGER: "create", SQLITE_CREATE_TEMP_TABLE: "create", SQLITE_CREATE_TEMP_INDEX: "create",
    SQLITE_CREATE_TEMP_VIEW: "create", SQLITE_CREATE_TEMP_TRIGGER: "create", SQLITE_DROP_TABLE: "drop",
    SQLITE_DROP_INDEX: "drop", SQLITE_DROP_VIEW: "drop", SQLITE_DROP_TRIGGER: "drop",
    SQLITE_DROP_TEMP_TABLE: "drop", SQLITE_DROP_TEMP_INDEX: "drop", SQLITE_DROP_TEMP_VIEW: "drop",
    SQLITE_DROP_TEMP_TRIGGER: "drop", SQLITE_DROP_VTABLE: "drop", SQLITE_ALTER_TABLE: "alter",
    SQLITE_REINDEX: "reindex", SQLITE_ANALYZE: "analyze",
  ]

  private static let words: [Int32: String] = [
    SQLITE_ATTACH: "attach", SQLITE_DETACH: "detach", SQLITE_TRANSACTION: "transaction",
    SQLITE_SAVEPOINT: "savepoint",
  ]
}
