using System.Text.Json;

namespace Notifications.Client;

/// <summary>
/// Keeps positions in a JSON file, <c>{"user:42":{"epoch":"…","offset":7}}</c>. Each save replaces the whole file, so after a crash it
/// holds the old positions or the new positions. Only one process may use the file at a time.
/// </summary>
public sealed class FilePositionStore(string path) : IPositionStore, IDisposable
{
    private readonly string _path = Path.GetFullPath(path);
    private readonly SemaphoreSlim _using = new(1);
    private Dictionary<string, Position>? _positions;

    /// <exception cref="InvalidDataException">The file exists, but does not hold positions.</exception>
    public async ValueTask<Position?> LoadAsync(string stream, CancellationToken cancellationToken)
    {
        await _using.WaitAsync(cancellationToken);
        try
        {
            var positions = _positions ??= await ReadAsync(cancellationToken);
            return positions.TryGetValue(stream, out var position) ? position : null;
        }
        finally
        {
            _using.Release();
        }
    }

    public async ValueTask SaveAsync(string stream, Position position, CancellationToken cancellationToken)
    {
        await _using.WaitAsync(cancellationToken);
        try
        {
            var positions = _positions ??= await ReadAsync(cancellationToken);
            positions[stream] = position;
            await WriteAsync(positions, cancellationToken);
        }
        finally
        {
            _using.Release();
        }
    }

    public void Dispose() => _using.Dispose();

    private async Task<Dictionary<string, Position>> ReadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_path))
        {
            return new(StringComparer.Ordinal);
        }

        try
        {
            await using var file = File.OpenRead(_path);
            return await JsonSerializer.DeserializeAsync(file, ClientJson.Default.DictionaryStringPosition, cancellationToken) ?? [];
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{_path} does not hold positions. Delete it to go on after what the device acknowledged.", exception);
        }
    }

    private async Task WriteAsync(Dictionary<string, Position> positions, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var next = _path + ".next";
        await using (var file = File.Create(next))
        {
            await JsonSerializer.SerializeAsync(file, positions, ClientJson.Default.DictionaryStringPosition, cancellationToken);
            // Written to disk before the rename: a power cut could leave an empty file under the final name.
            file.Flush(flushToDisk: true);
        }

        File.Move(next, _path, overwrite: true);
    }
}
