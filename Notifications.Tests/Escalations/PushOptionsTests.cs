using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Xunit;

namespace Notifications.Tests.Escalations;

public sealed class PushOptionsTests(PushFixture fakes) : IClassFixture<PushFixture>
{
    public static TheoryData<string, string, string> Wrong => new()
    {
        { "Escalation:Lease", "00:00:15", "at least twice SendTimeout" },
        { "Escalation:MaxRetryDelay", "00:00:00.5", "at least RetryDelay" },
        { "Escalation:Concurrency", "0", "Concurrency" },
        { "Escalation:Fcm:ServiceAccount", "no json", "is not JSON" },
        { "Escalation:Fcm:ServiceAccount", "{}", "has no \"project_id\"" },
        { "Escalation:Fcm:ServiceAccountFile", "/nowhere/account.json", "both set" },
        { "Escalation:Fcm:Endpoint", "http://fcm.example.com", "has to be an https address" },
        { "Escalation:Apns:Key", "no key", "is not an EC key in PEM form" },
        { "Escalation:Apns:KeyId", "", "Escalation:Apns:KeyId is missing" },
        { "Escalation:Apns:TeamId", " ", "Escalation:Apns:TeamId is missing" },
        { "Escalation:Apns:Topic", "", "Escalation:Apns:Topic is missing" },
        { "Escalation:Apns:KeyFile", "/nowhere/key.p8", "both set" },
        { "Escalation:Apns:Endpoint", "http://127.0.0.1:1", "has to be an https address" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_hub_does_not_start_with(string key, string value, string says)
    {
        using var senders = fakes.Senders(null, (key, value));
        Assert.Contains(says, Assert.Throws<OptionsValidationException>(senders.ValidateOptions).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_starts_with_both_with_neither_and_with_files()
    {
        using var both = fakes.Senders();
        both.ValidateOptions();
        using var neither = new SenderHost(TimeProvider.System, _ => { });
        neither.ValidateOptions();

        var directory = Directory.CreateTempSubdirectory("notifications-push-");
        try
        {
            var (account, key) = (Path.Combine(directory.FullName, "account.json"), Path.Combine(directory.FullName, "key.p8"));
            File.WriteAllText(account, fakes.Fcm.ServiceAccount);
            File.WriteAllText(key, fakes.Apns.Key);
            using var files = fakes.Senders(
                null, ("Escalation:Fcm:ServiceAccount", null), ("Escalation:Fcm:ServiceAccountFile", account), ("Escalation:Apns:Key", null), ("Escalation:Apns:KeyFile", key));
            files.ValidateOptions();
            Assert.NotNull(files.Fcm.Settings);
            Assert.NotNull(files.Apns.Settings);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_key_of_another_curve_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var senders = fakes.Senders(null, ("Escalation:Apns:Key", key.ExportPkcs8PrivateKeyPem()));
        Assert.Contains("384 bits", Assert.Throws<OptionsValidationException>(senders.ValidateOptions).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_error_quotes_a_secret()
    {
        using var senders = fakes.Senders(null, ("Escalation:Fcm:ServiceAccount", fakes.Fcm.ServiceAccount.Replace("-----BEGIN", "-----BEGAN", StringComparison.Ordinal)));
        var message = Assert.Throws<OptionsValidationException>(senders.ValidateOptions).Message;
        Assert.Contains("private_key is not an RSA key", message, StringComparison.Ordinal);
        Assert.DoesNotContain(fakes.Fcm.ServiceAccount[200..220], message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("false", "https://api.push.apple.com/")]
    [InlineData("true", "https://api.sandbox.push.apple.com/")]
    public void Apple_has_a_host_for_apps_of_the_store_and_one_for_those_of_Xcode(string sandbox, string address)
    {
        using var senders = fakes.Senders(null, ("Escalation:Apns:Endpoint", null), ("Escalation:Apns:Sandbox", sandbox));
        Assert.Equal(address, ((Hubs.Escalations.Apns.ApnsOptions)senders.Apns.Settings!).Address.ToString());
    }
}
