using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Notifications.Testing.Clusters;
using YamlDotNet.RepresentationModel;

namespace Notifications.Tests.Deployment;

/// <summary>A YAML file with the expressions of a Go template, as azd and Helm take it: read as if each condition held, with the expressions as they stand.</summary>
internal sealed partial class TemplatedYaml
{
    private TemplatedYaml(JsonNode[] documents, string[] expressions) => (Documents, Expressions) = (documents, expressions);

    /// <summary>Every scalar is a string, an expression among them is <c>{{ … }}</c>.</summary>
    public JsonNode[] Documents { get; }

    /// <summary>What stands between the braces, conditions too.</summary>
    public string[] Expressions { get; }

    public static TemplatedYaml Read(params string[] path)
    {
        var text = File.ReadAllText(Programs.InRepository(path));
        string[] expressions = [.. Expression().Matches(text).Select(match => match.Groups["text"].Value)];
        var yaml = Expression().Replace(Condition().Replace(text, ""), match => Placeholder(Array.IndexOf(expressions, match.Groups["text"].Value)));
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return new TemplatedYaml([.. stream.Documents.Select(document => Node(document.RootNode, expressions))], expressions);
    }

    private static JsonNode Node(YamlNode node, string[] expressions)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                return new JsonObject(
                    from own in mapping.Children
                    from pair in $"{own.Key}" == "<<" ? ((YamlMappingNode)own.Value).Children : Enumerable.Repeat(own, 1)
                    select KeyValuePair.Create(Text($"{pair.Key}", expressions), (JsonNode?)Node(pair.Value, expressions)));
            case YamlSequenceNode sequence:
                return new JsonArray([.. sequence.Children.Select(item => Node(item, expressions))]);
            default:
                return JsonValue.Create(Text(((YamlScalarNode)node).Value ?? "", expressions));
        }
    }

    private static string Text(string scalar, string[] expressions) =>
        PlaceholderForm().Replace(scalar, match => $"{{{{ {expressions[int.Parse(match.Groups["index"].Value)]} }}}}");

    private static string Placeholder(int index) => $"expression-{index}-";

    [GeneratedRegex(@"\{\{-? *(?<text>.*?) *-?\}\}")]
    private static partial Regex Expression();

    [GeneratedRegex(@"^\{\{-? *(if|end)\b.*\}\} *$", RegexOptions.Multiline)]
    private static partial Regex Condition();

    [GeneratedRegex(@"expression-(?<index>\d+)-")]
    private static partial Regex PlaceholderForm();
}
