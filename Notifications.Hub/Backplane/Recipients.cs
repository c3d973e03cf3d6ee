namespace Notifications.Hubs.Backplane;

internal enum RecipientKind
{
    All,
    Connections,
    Users,
    Groups,
}

/// <param name="Kind">What the names are.</param>
/// <param name="Names">Whose clients are meant; not looked at for all.</param>
/// <param name="Except">Ids of connections that are left out.</param>
internal sealed record Recipients(RecipientKind Kind, IReadOnlyList<string> Names, IReadOnlyList<string> Except)
{
    public static Recipients All { get; } = new(RecipientKind.All, [], []);

    public bool IsNobody => Kind != RecipientKind.All && Names.Count == 0;

    public static Recipients Connections(IEnumerable<string> ids) => Of(RecipientKind.Connections, ids);

    public static Recipients Users(params IEnumerable<string> ids) => Of(RecipientKind.Users, ids);

    public static Recipients Groups(params IEnumerable<string> names) => Of(RecipientKind.Groups, names);

    private static Recipients Of(RecipientKind kind, IEnumerable<string> names) => new(kind, [.. names.Where(name => !string.IsNullOrEmpty(name))], []);
}
