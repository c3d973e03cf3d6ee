using System.Security.Cryptography;

namespace Aspire.Hosting.ApplicationModel;

public abstract class ParameterDefault
{
    public abstract string GetDefaultValue();
}

/// <summary>A random value, made up at each start.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const string SpecialCharacters = "-_.{}~()*+!";
    private const int ShortestSafeLength = 22;

    public int MinLength { get; init; }
    public bool Special { get; init; } = true;

    public override string GetDefaultValue() =>
        RandomNumberGenerator.GetString(Special ? Alphanumeric + SpecialCharacters : Alphanumeric, Math.Max(MinLength, ShortestSafeLength));
}
