/// What a credential of a type is made of. A type that is not in `all` may hold any members, all of them
/// secret: connectors of others have types of their own.
public struct CredentialType: Sendable, Hashable {
  public struct Member: Sendable, Hashable {
    public var name: String
    public var isRequired: Bool
    /// Hidden in logs and outputs.
    public var isSecret: Bool
    public var description: Bilingual

    fileprivate init(
      _ name: String, _ description: Bilingual, isRequired: Bool = false, isSecret: Bool = true
    ) {
      (self.name, self.isRequired, self.isSecret) = (name, isRequired, isSecret)
      self.description = description
    }
  }

  public var name: String
  public var description: Bilingual
  public var members: [Member]
  /// The member that a single text is for, where there is one such.
  public var single: String?

  /// Of a credential of any type.
  public static let mostMembers = 64
  public static let longestName = 64
  /// Of all values together, in bytes.
  public static let mostBytes = 32 * 1_024

  public static func named(_ name: String) -> CredentialType? {
    all.first { ScalarString($0.name) == ScalarString(name) }
  }

  /// The values that are no secrets.
  public static func plainMembers(of type: String) -> Set<String> {
    Set(named(type)?.members.filter { !$0.isSecret }.map(\.name) ?? [])
  }

  /// Why these values are no credential of this type; nil where they are.
  public static func fault(_ values: [(name: String, value: String)], type: String) -> Bilingual? {
    if let fault = sizeFault(values) { return fault }
    guard let known = named(type) else { return nil }
    for value in values where !known.members.contains(where: { $0.name == value.name }) {
      let names = known.members.map(\.name).joined(separator: ", ")
      return Bilingual(
        "A credential of the type \(type) has no member \"\(value.name)\"; it has: \(names).",
        pt: "Uma credencial do tipo \(type) não tem o membro \"\(value.name)\"; ela tem: \(names).")
    }
    for member in known.members where member.isRequired {
      if values.first(where: { $0.name == member.name })?.value.isEmpty == false { continue }
      return Bilingual(
        "A credential of the type \(type) needs \"\(member.name)\": \(member.description.english).",
        pt: "Uma credencial do tipo \(type) precisa de \"\(member.name)\": \(member.description.portuguese).")
    }
    return nil
  }

  private static func sizeFault(_ values: [(name: String, value: String)]) -> Bilingual? {
    if values.isEmpty || values.count > mostMembers {
      return Bilingual(
        "A credential has 1 to \(mostMembers) members.",
        pt: "Uma credencial tem de 1 a \(mostMembers) membros.")
    }
    let bytes = values.reduce(0) { $0 + $1.value.utf8.count }
    if bytes > mostBytes {
      return Bilingual(
        "The values have \(bytes) bytes together, more than \(mostBytes).",
        pt: "Os valores somam \(bytes) bytes, mais que \(mostBytes).")
    }
    let wrong = values.first { value in
      value.name.utf8.isEmpty || value.name.utf8.count > longestName
        || value.name.utf8.contains { $0 <= 0x20 || $0 == 0x7F }
    }
    return wrong.map {
      Bilingual("\"\($0.name)\" is no name of a member.", pt: "\"\($0.name)\" não é um nome de membro.")
    }
  }
}

// The types.
extension CredentialType {
  public static let all: [CredentialType] = web + keys + services

  private static let web = [
    CredentialType(
      name: "bearer",
      description: Bilingual("a token in an HTTP header", pt: "um token em um cabeçalho HTTP"),
      members: [Member("token", Bilingual("the token", pt: "o token"), isRequired: true)], single: "token"),
    CredentialType(
      name: "basic", description: Bilingual("a user and a password", pt: "um usuário e uma senha"),
      members: login, single: "password"),
    CredentialType(
      name: "header", description: Bilingual("one HTTP header", pt: "um cabeçalho HTTP"),
      members: [
        Member(
          "name", Bilingual("the header's name", pt: "o nome do cabeçalho"), isRequired: true, isSecret: false
        ),
        Member("value", Bilingual("its value", pt: "o valor dele"), isRequired: true),
      ], single: nil),
    CredentialType(
      name: "api_key", description: Bilingual("a key of an API", pt: "uma chave de API"),
      members: [
        Member("key", Bilingual("the key", pt: "a chave"), isRequired: true),
        Member("name", Bilingual("the header or parameter", pt: "o cabeçalho ou parâmetro"), isSecret: false),
      ], single: "key"),
    CredentialType(
      name: "oauth2_client",
      description: Bilingual("a client of an OAuth 2 server", pt: "um cliente de um servidor OAuth 2"),
      members: [
        Member(
          "token_url", Bilingual("where tokens are given", pt: "onde os tokens são dados"), isRequired: true,
          isSecret: false),
        Member("client_id", Bilingual("the client", pt: "o cliente"), isRequired: true, isSecret: false),
        Member("client_secret", Bilingual("its secret", pt: "o segredo dele"), isRequired: true),
        Member("scope", Bilingual("what is asked for", pt: "o que se pede"), isSecret: false),
      ], single: nil),
  ]

  private static let keys = [
    CredentialType(
      name: "hmac", description: Bilingual("a secret that signs", pt: "um segredo que assina"),
      members: [Member("secret", Bilingual("the secret", pt: "o segredo"), isRequired: true)],
      single: "secret"),
    CredentialType(
      name: "secret", description: Bilingual("any one secret", pt: "um segredo qualquer"),
      members: [Member("value", Bilingual("the secret", pt: "o segredo"), isRequired: true)],
      single: "value"),
    CredentialType(
      name: "ssh_key", description: Bilingual("a key of SSH", pt: "uma chave SSH"),
      members: [
        Member("private_key", Bilingual("the private key", pt: "a chave privada"), isRequired: true),
        Member("passphrase", Bilingual("of the private key", pt: "da chave privada")),
        Member("username", Bilingual("the user there", pt: "o usuário lá"), isSecret: false),
        Member(
          "known_hosts", Bilingual("the servers' keys", pt: "as chaves dos servidores"), isSecret: false),
      ], single: "private_key"),
  ]

  private static let services = [
    CredentialType(
      name: "s3", description: Bilingual("access to an S3 store", pt: "acesso a um armazenamento S3"),
      members: accessKey, single: nil),
    CredentialType(
      name: "aws", description: Bilingual("access to services of Amazon", pt: "acesso a serviços da Amazon"),
      members: accessKey, single: nil),
    CredentialType(
      name: "smtp", description: Bilingual("a sender of mail", pt: "um remetente de e-mail"),
      members: login + [
        Member("host", Bilingual("the server", pt: "o servidor"), isSecret: false),
        Member("port", Bilingual("its port", pt: "a porta dele"), isSecret: false),
      ], single: "password"),
    CredentialType(
      name: "database", description: Bilingual("a user of a database", pt: "um usuário de um banco de dados"),
      members: login, single: "password"),
    CredentialType(
      name: "dsn",
      description: Bilingual(
        "the whole address of a database", pt: "o endereço inteiro de um banco de dados"),
      members: [
        Member("dsn", Bilingual("with user and password", pt: "com usuário e senha"), isRequired: true)
      ], single: "dsn"),
  ]

  private static let accessKey = [
    Member(
      "access_key_id", Bilingual("the id of the key", pt: "o id da chave"), isRequired: true,
      isSecret: false),
    Member("secret_access_key", Bilingual("the key", pt: "a chave"), isRequired: true),
    Member("session_token", Bilingual("of a temporary key", pt: "de uma chave temporária")),
    Member("region", Bilingual("such as sa-east-1", pt: "por exemplo sa-east-1"), isSecret: false),
  ]

  private static let login = [
    Member("username", Bilingual("the user", pt: "o usuário"), isRequired: true, isSecret: false),
    Member("password", Bilingual("the password", pt: "a senha"), isRequired: true),
  ]
}
