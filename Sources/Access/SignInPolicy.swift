internal import Crypto

/// The limits of signing in. The values given here are what an installation has that says nothing else.
public struct SignInPolicy: Sendable, Hashable {
  public var accessLifetime = Duration.seconds(15 * 60)
  public var refreshLifetime = Duration.seconds(7 * 86_400)
  /// However often it is refreshed, a session ends then.
  public var sessionLifetime = Duration.seconds(30 * 86_400)
  /// Between the password and the code.
  public var secondFactorLifetime = Duration.seconds(300)
  public var secondFactorTries = 5
  public var socketTicketLifetime = Duration.seconds(30)
  /// Between leaving for another sign-in and coming back.
  public var outsideSignInLifetime = Duration.seconds(600)
  public var longestToken = Duration.seconds(366 * 86_400)

  public var passwordIterations = PasswordHash.iterations
  public var shortestPassword = 12
  /// Passwords that are hashed or wait for it; whoever comes then is asked to come back.
  public var mostPasswordsAtOnce = 32

  public var throttle = Throttle.Limits()
  /// Of sign-ins that come back from another system; there, who they are is not known before.
  public var outsideThrottle = Throttle.Limits.outside
  /// Tickets and sign-ins under way, each kind.
  public var mostTickets = 10_000
  /// Changes that wait to be written.
  public var mostWaitingChanges = 4_096

  public init() {}
}

extension Throttle.Limits {
  /// A whole office may come from one address.
  static var outside: Throttle.Limits {
    var limits = Throttle.Limits()
    (limits.perMinute, limits.failuresOfPair) = (120, limits.failuresOfAddress)
    return limits
  }
}
