internal import Model

// What goes wrong at sign-in.
extension Problem {
  static let signInFailed = Problem(
    "sign-in-failed",
    Bilingual("Name or password is wrong.", pt: "Nome ou senha incorretos."),
    remedy: Bilingual(
      "Try again; an admin can set a new password or unlock the account.",
      pt: "Tente de novo; um administrador pode definir outra senha ou desbloquear a conta."))

  static let secondFactorFailed = Problem(
    "second-factor-failed",
    Bilingual(
      "The code is wrong, was used before, or came too late.",
      pt: "O código está errado, já foi usado ou chegou tarde demais."),
    remedy: Bilingual(
      "Wait for the next code of the app, or use one of the recovery codes; sign in again if need be.",
      pt: "Espere o próximo código do aplicativo ou use um código de recuperação; entre de novo se preciso."))

  static let notSignedIn = Problem(
    "not-signed-in",
    Bilingual(
      "The token is not valid: it expired, was revoked, or is not of this server.",
      pt: "O token não é válido: expirou, foi revogado ou não é deste servidor."),
    remedy: Bilingual(
      "A person signs in again: `esteira login NAME`. A program needs a new one: `esteira token create`.",
      pt:
        "Uma pessoa entra de novo: `esteira login NOME`. Um programa usa outro: `esteira token create`."
    ))

  static let needsSession = Problem(
    "needs-session",
    Bilingual(
      "Only a person who is signed in can do this for their own account.",
      pt: "Somente uma pessoa que entrou pode fazer isto, na própria conta."),
    remedy: Bilingual(
      "Sign in with name and password instead of a token.", pt: "Entre com nome e senha em vez de um token."))

  static let sessionEnded = Problem(
    "session-ended",
    Bilingual(
      "The session has ended: it expired, was signed out, or its refresh token was used twice.",
      pt: "A sessão terminou: expirou, foi encerrada ou o seu token de renovação foi usado duas vezes."),
    remedy: Bilingual("Sign in again.", pt: "Entre de novo."))

  static func signInLimited(_ wait: Duration) -> Problem {
    Problem(
      "sign-in-limited",
      Bilingual(
        "There were too many sign-ins within a minute.", pt: "Houve tentativas demais de entrar em um minuto."
      ),
      remedy: tryAgain(wait), wait: wait)
  }

  static func signInLocked(_ wait: Duration) -> Problem {
    Problem(
      "sign-in-locked",
      Bilingual(
        "Sign-in is locked after too many failures.",
        pt: "A entrada está bloqueada depois de falhas demais."),
      remedy: tryAgain(wait), wait: wait)
  }

  private static func tryAgain(_ wait: Duration) -> Bilingual {
    let seconds = max(1, (wait.microseconds + 999_999) / 1_000_000)
    return Bilingual("Try again in \(seconds) s.", pt: "Tente de novo em \(seconds) s.")
  }

  static let signInBusy = Problem(
    "sign-in-busy",
    Bilingual(
      "Too many people sign in at this moment.", pt: "Há gente demais entrando neste momento."),
    remedy: Bilingual("Try again in a few seconds.", pt: "Tente de novo em alguns segundos."))

  static let wrongPassword = Problem(
    "wrong-password",
    Bilingual("This is not the password of the account.", pt: "Esta não é a senha da conta."),
    remedy: Bilingual("Give the password that is valid now.", pt: "Informe a senha que vale agora."))

  static func weakPassword(_ english: String, _ portuguese: String) -> Problem {
    Problem(
      "weak-password",
      Bilingual("The password is not good enough. \(english)", pt: "A senha não serve. \(portuguese)"),
      remedy: Bilingual(
        "Use several words that have nothing to do with each other.",
        pt: "Use várias palavras que não tenham nada a ver umas com as outras."))
  }

  static func secondFactorState(_ english: String, _ portuguese: String) -> Problem {
    Problem(
      "second-factor-state",
      Bilingual(
        "The second factor cannot be changed so: the account \(english).",
        pt: "O segundo fator não pode ser mudado assim: a conta \(portuguese)."))
  }

  static let noPassword = Problem(
    "no-password",
    Bilingual("A service account has no password.", pt: "Uma conta de serviço não tem senha."),
    remedy: Bilingual("Give it a token.", pt: "Dê a ela um token."))

  static let oidcOff = Problem(
    "oidc-off",
    Bilingual(
      "Sign-in through another system is not set up.",
      pt: "A entrada por outro sistema não está configurada."),
    remedy: Bilingual("Sign in with name and password.", pt: "Entre com nome e senha."))

  static let oidcFailed = Problem(
    "oidc-failed",
    Bilingual(
      "The sign-in through the other system could not be completed.",
      pt: "A entrada pelo outro sistema não pôde ser concluída."),
    remedy: Bilingual("Begin again.", pt: "Comece de novo."))

  static let oidcUnavailable = Problem(
    "oidc-unavailable",
    Bilingual(
      "The other system does not answer as OpenID Connect asks.",
      pt: "O outro sistema não responde como o OpenID Connect pede."),
    remedy: Bilingual(
      "Check the configured issuer: its address must be spelled as the system spells it.",
      pt: "Confira o emissor configurado: o endereço deve estar escrito como o sistema o escreve."))

  /// `answer` is a status, and a word of the protocol.
  static func oidcAnswered(_ answer: String) -> Problem {
    Problem(
      "oidc-unavailable",
      Bilingual(
        "The other system answered \(answer), which is no sign-in.",
        pt: "O outro sistema respondeu \(answer), o que não é uma entrada."),
      remedy: Bilingual(
        "Check client_id and client_secret in server.oidc of esteira.yaml.",
        pt: "Confira client_id e client_secret em server.oidc de esteira.yaml."))
  }

  static let oidcUnknown = Problem(
    "oidc-unknown",
    Bilingual(
      "Nobody here is known by that sign-in.", pt: "Ninguém aqui é conhecido por essa entrada."),
    remedy: Bilingual(
      "Ask an admin to put the subject of the other system into your account.",
      pt: "Peça a um administrador que coloque o identificador do outro sistema na sua conta."))
}
