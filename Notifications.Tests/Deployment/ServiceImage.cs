using System.Text.Json;
using Notifications.Testing.Clusters;

namespace Notifications.Tests.Deployment;

/// <summary>A service's container image as <c>dotnet publish -t:PublishContainer</c> makes it without an engine, unpacked.</summary>
internal sealed class ServiceImage
{
    private ServiceImage(DirectoryInfo root, JsonElement config) => (Root, Config) = (root, config);

    /// <summary>The container's root directory.</summary>
    public DirectoryInfo Root { get; }

    /// <summary>User, Env, Entrypoint, WorkingDir and so on: https://github.com/opencontainers/image-spec/blob/main/config.md.</summary>
    public JsonElement Config { get; }

    /// <param name="project">Such as <c>Notifications.Hub</c>, built before.</param>
    /// <param name="registry">Where the base image is; null for the project's own.</param>
    /// <param name="directory">Where image and root directory go.</param>
    public static async Task<ServiceImage> PublishAsync(string project, BaseImageRegistry? registry, DirectoryInfo directory)
    {
        var archive = Path.Combine(directory.FullName, $"{project}.tar.gz");
        string[] baseImage = registry is null ? [] : [$"-p:ContainerBaseImage={registry.Image}"];
        string[] environment = registry is null ? [] : [$"DOTNET_CONTAINER_INSECURE_REGISTRIES={registry.Host}"];
        await Programs.OutputAsync("env",
        [
            // The SDK keeps base images in the directory for temporary files.
            $"TMPDIR={directory.FullName}", .. environment,
            "dotnet", "publish", Programs.InRepository(project), "--no-build", .. ThisBuild.Options,
            "-t:PublishContainer", $"-p:ContainerArchiveOutputPath={archive}", "-p:ContainerImageFormat=OCI", .. baseImage,
        ]);
        var image = directory.CreateSubdirectory($"{project}-image");
        await ExtractAsync(archive, image.FullName);

        // https://github.com/opencontainers/image-spec/blob/main/image-layout.md
        var index = Read(Path.Combine(image.FullName, "index.json"));
        var manifest = Read(Blob(image, index.GetProperty("manifests")[0]));
        var root = directory.CreateSubdirectory($"{project}-root");
        foreach (var layer in manifest.GetProperty("layers").EnumerateArray())
        {
            await ExtractAsync(Blob(image, layer), root.FullName);
        }

        // Engines make them where an image has none.
        root.CreateSubdirectory("dev");
        root.CreateSubdirectory("proc");
        return new ServiceImage(root, Read(Blob(image, manifest.GetProperty("config"))).GetProperty("config"));
    }

    private static string Blob(DirectoryInfo image, JsonElement descriptor) =>
        Path.Combine([image.FullName, "blobs", .. descriptor.GetProperty("digest").GetString()!.Split(':')]);

    private static JsonElement Read(string file) => JsonElement.Parse(File.ReadAllBytes(file));

    // By tar, which knows gzip by itself: .NET refuses the absolute links that are in an image.
    private static Task<string> ExtractAsync(string archive, string directory) => Programs.OutputAsync("tar", ["-xf", archive, "-C", directory]);
}
