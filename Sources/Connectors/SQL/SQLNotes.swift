import Model

/// What the pages of the four connectors say of failures.
enum SQLNotes {
  typealias Note = ConnectorDescription.FailureNote

  static let opening: [Note] = [
    Note(
      .configuration, code: "invalid-connection",
      Bilingual(
        "the connection is none of `sqlite`, `postgresql` and `odbc`, or its address is not understood",
        pt: "a conexão não é `sqlite`, `postgresql` nem `odbc`, ou o endereço dela não é entendido"),
      remedy: Bilingual(
        "Write `address: {path: data.db}`, `{host: …, database: …}` or `{dsn: …}`.",
        pt: "Escreva `address: {path: data.db}`, `{host: …, database: …}` ou `{dsn: …}`.")),
    Note(
      .configuration, code: "odbc-driver",
      Bilingual(
        "unixODBC, the data source or its driver is not on the node",
        pt: "o unixODBC, a fonte de dados ou o driver não está no nó"),
      remedy: Bilingual(
        "`apt-get install unixodbc` and the driver; name the source in `odbc.ini`.",
        pt: "`apt-get install unixodbc` e o driver; cite a fonte no `odbc.ini`.")),
    Note(
      .configuration, code: "outside-roots",
      Bilingual(
        "the file lies outside the namespace's folders", pt: "o arquivo está fora das pastas do namespace"),
      remedy: Bilingual(
        "Use a relative path, or have the folder granted in `esteira.yaml`.",
        pt: "Use um caminho relativo, ou peça que a pasta seja liberada em `esteira.yaml`.")),
    Note(
      .configuration, code: "unsafe-path",
      Bilingual("a link or a special file is on the way", pt: "há um link ou arquivo especial no caminho"),
      remedy: Bilingual("Name the file itself.", pt: "Indique o próprio arquivo.")),
    Note(
      .configuration, code: "file-not-found",
      Bilingual("the database is not there", pt: "o banco não existe"),
      remedy: Bilingual(
        "Check `path`; `create: true` lets a writing step make it.",
        pt: "Confira `path`; `create: true` deixa um passo que grava criá-lo.")),
    Note(
      .configuration, code: "not-a-database",
      Bilingual("the file is something else or does not open", pt: "o arquivo é outra coisa ou não abre"),
      remedy: Bilingual("Check the path and the owner.", pt: "Confira o caminho e o dono do arquivo.")),
    Note(
      .data, code: "sql-corrupt", Bilingual("the file is damaged", pt: "o arquivo está danificado"),
      remedy: Bilingual("Restore it from a backup.", pt: "Restaure de um backup.")),
    Note(
      .transient, code: "sql-busy",
      Bilingual(
        "somebody else holds the database, or a row, for longer than 10 s",
        pt: "outro programa segura o banco, ou uma linha, por mais de 10 s"),
      remedy: Bilingual(
        "It is tried again where `retry` says so.", pt: "É tentado de novo onde `retry` mandar.")),
    Note(
      .transient, code: "sql-storage",
      Bilingual("the disk is full or fails", pt: "o disco está cheio ou falha"),
      remedy: Bilingual("Make space; check the disk.", pt: "Libere espaço; confira o disco.")),
  ]

  static let statement: [Note] = [
    Note(
      .configuration, code: "sql-invalid",
      Bilingual("the engine cannot read the statement", pt: "o banco não entende a instrução"),
      remedy: Bilingual(
        "Mend the place that the message names.", pt: "Corrija o lugar que a mensagem indica.")),
    Note(
      .configuration, code: "sql-refused",
      Bilingual(
        "the statement does what is not allowed here", pt: "a instrução faz o que não é permitido aqui"),
      remedy: Bilingual(
        "See what is allowed in `docs/sql.md`.", pt: "Veja o que é permitido em `docs/sql.md`.")),
    Note(
      .configuration, code: "several-statements",
      Bilingual("a second statement follows", pt: "há uma segunda instrução"),
      remedy: Bilingual(
        "Give one; `sql.execute` takes a list.", pt: "Dê uma só; `sql.execute` aceita uma lista.")),
    Note(
      .configuration, code: "sql-parameters",
      Bilingual("a parameter is missing or not used", pt: "falta um parâmetro, ou um não é usado"),
      remedy: Bilingual("Name each as the statement does.", pt: "Dê a cada um o nome que a instrução usa.")),
    Note(
      .timeout, code: "timeout",
      Bilingual("it takes longer than `timeout`", pt: "demora mais que `timeout`"),
      remedy: Bilingual("Raise it, or read less.", pt: "Aumente, ou leia menos.")),
    Note(
      .data, code: "sql-value",
      Bilingual(
        "a value has no form in JSON or is too large", pt: "um valor não cabe em JSON ou é grande demais"
      ),
      remedy: Bilingual(
        "Convert it in the statement (CAST, hex, substr).",
        pt: "Converta na instrução (CAST, hex, substr).")),
    Note(
      .data, code: "duplicate-column",
      Bilingual("two columns have the same name", pt: "duas colunas têm o mesmo nome"),
      remedy: Bilingual("Name them with AS.", pt: "Dê nomes com AS.")),
    Note(
      .outputTooLarge, code: "output-too-large",
      Bilingual("the rows are more than 4 MiB", pt: "as linhas passam de 4 MiB"),
      remedy: Bilingual(
        "Use `result: artifact` of `sql.query`, or read less.",
        pt: "Use `result: artifact` de `sql.query`, ou leia menos.")),
  ]

  /// Of a database on a server.
  static let server: [Note] = [
    Note(
      .credential, code: "unusable-credential",
      Bilingual("the credential is not of the type `database`", pt: "a credencial não é do tipo `database`"),
      remedy: Bilingual("Set the credential again.", pt: "Defina a credencial de novo.")),
    Note(
      .credential, code: "sql-login",
      Bilingual(
        "the server does not let the user in, or has no such database",
        pt: "o servidor não aceita o usuário, ou não tem esse banco"),
      remedy: Bilingual(
        "Check user, password and `database`.", pt: "Confira usuário, senha e `database`.")),
    Note(
      .configuration, code: "egress-refused",
      Bilingual("the address is private and not allowed", pt: "o endereço é privado e não foi permitido"),
      remedy: Bilingual("Allow it in the connection's `egress`.", pt: "Permita-o em `egress` da conexão.")),
    Note(
      .configuration, code: "tls",
      Bilingual("the server's certificate is not trusted", pt: "o certificado do servidor não é confiável"),
      remedy: Bilingual(
        "Name its authority in `ca_file` of the address.",
        pt: "Indique a autoridade dele em `ca_file` do endereço.")),
    Note(
      .transient, code: "unreachable",
      Bilingual("nobody answers there", pt: "ninguém responde ali"),
      remedy: Bilingual(
        "Check the address; `retry` waits for it.", pt: "Confira o endereço; `retry` espera por ele.")),
    Note(
      .transient, code: "interrupted",
      Bilingual("the connection broke; nothing of it stays", pt: "a conexão caiu; nada dela fica"),
      remedy: Bilingual(
        "It is tried again where `retry` says so.", pt: "Tenta-se de novo conforme `retry`.")),
  ]

  static let unknown: [Note] = [
    Note(
      .lost, code: "effect-unknown",
      Bilingual(
        "the connection broke while the transaction was committed",
        pt: "a conexão caiu enquanto a transação era confirmada"),
      remedy: Bilingual(
        "Look there, then `esteira job step resolve`; or say `idempotent: true`.",
        pt: "Verifique lá e use `esteira job step resolve`; ou diga `idempotent: true`."))
  ]

  static let writing: [Note] = [
    Note(
      .configuration, code: "read-only-database",
      Bilingual(
        "connection, folder or file is read-only", pt: "a conexão, a pasta ou o arquivo só pode ser lido"),
      remedy: Bilingual("Use a connection that may write.", pt: "Use uma conexão que possa gravar.")),
    Note(
      .data, code: "sql-constraint",
      Bilingual("a row breaks a rule of its table", pt: "uma linha viola uma regra da tabela"),
      remedy: Bilingual("Mend the row that is named.", pt: "Corrija a linha indicada.")),
  ]

  static let loading: [Note] = [
    Note(
      .data, code: "not-an-artifact", Bilingual("a file is no artifact", pt: "um arquivo não é artefato"),
      remedy: Bilingual(
        "Give the handle that a step's output has.", pt: "Dê a referência que está na saída de um passo.")),
    Note(
      .configuration, code: "not-available",
      Bilingual("a file is neither csv nor ndjson", pt: "um arquivo não é csv nem ndjson"),
      remedy: Bilingual("Convert it, or say `format`.", pt: "Converta, ou diga `format`.")),
    Note(
      .configuration, code: "no-table",
      Bilingual("there is no such table", pt: "a tabela não existe"),
      remedy: Bilingual("Make it with `sql.execute`.", pt: "Crie com `sql.execute`.")),
    Note(
      .data, code: "load-columns",
      Bilingual("file and table have other columns", pt: "as colunas do arquivo e da tabela são outras"),
      remedy: Bilingual("Choose with `columns`.", pt: "Escolha com `columns`.")),
    Note(
      .configuration, code: "load-keys",
      Bilingual("`keys` are no key of the table", pt: "`keys` não é chave da tabela"),
      remedy: Bilingual(
        "Name the columns of a primary key or unique index.",
        pt: "Indique as colunas de uma chave primária ou índice único.")),
    Note(
      .configuration, code: "load-references",
      Bilingual(
        "replacing rows would delete or change rows of another table, by its ON DELETE",
        pt: "trocar as linhas apagaria ou alteraria linhas de outra tabela, pelo ON DELETE dela"),
      remedy: Bilingual(
        "Use `upsert`, or a foreign key without an action.",
        pt: "Use `upsert`, ou uma chave estrangeira sem ação.")),
    Note(
      .data, code: "load-row",
      Bilingual("a value does not fit in its column", pt: "um valor não cabe na coluna"),
      remedy: Bilingual("Mend the line that is named.", pt: "Corrija a linha indicada.")),
    Note(
      .data, code: "invalid-csv", Bilingual("a record cannot be read", pt: "um registro não pode ser lido"),
      remedy: Bilingual("Mend the line, or set `delimiter`.", pt: "Corrija a linha, ou ajuste `delimiter`.")),
    Note(
      .data, code: "invalid-json", Bilingual("a line is no JSON object", pt: "uma linha não é objeto JSON"),
      remedy: Bilingual("Mend the line that is named.", pt: "Corrija a linha indicada.")),
    Note(
      .data, code: "line-too-long",
      Bilingual("a line is longer than 16 MiB", pt: "uma linha passa de 16 MiB"),
      remedy: Bilingual("Is the file NDJSON?", pt: "O arquivo é NDJSON?")),
    Note(
      .data, code: "load-changed",
      Bilingual(
        "an earlier attempt appended lines of another file",
        pt: "uma tentativa anterior acrescentou linhas de outro arquivo"),
      remedy: Bilingual("Start a new job, or use `replace`.", pt: "Inicie um job novo, ou use `replace`.")),
    Note(
      .data, code: "sql-value", Bilingual("a value is too large", pt: "um valor é grande demais"),
      remedy: Bilingual("Keep large values elsewhere.", pt: "Guarde valores grandes em outro lugar.")),
  ]
}
