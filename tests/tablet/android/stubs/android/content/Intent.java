package android.content;

import android.net.Uri;
import android.os.Bundle;
import android.os.Parcelable;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/** All overloads of putExtra that Android 16 has: leaving one out would make a test pass that fails on a device. */
public class Intent implements Parcelable, Cloneable {
    public static final int FLAG_GRANT_READ_URI_PERMISSION = 1, FLAG_GRANT_WRITE_URI_PERMISSION = 2;
    public static final String ACTION_DIAL = "android.intent.action.DIAL";
    public final Map<String, Object> extras = new HashMap<>();
    /** Which overload was taken, by key: the simple name of the value's declared type. */
    public final Map<String, String> overloads = new HashMap<>();
    public String action, type;
    public Uri data;
    public ClipData clip;
    public int flags;

    public Intent() {}
    public Intent(String action) { this.action = action; }
    public Intent(String action, Uri uri) { this.action = action; data = uri; }
    public Intent(Intent other) { action = other.action; }
    public Intent(Context context, Class<?> target) { type = target.getName(); }

    private Intent keep(String name, String overload, Object value) {
        extras.put(name, value);
        overloads.put(name, overload);
        return this;
    }
    public Intent putExtra(String name, boolean value) { return keep(name, "boolean", value); }
    public Intent putExtra(String name, byte value) { return keep(name, "byte", value); }
    public Intent putExtra(String name, char value) { return keep(name, "char", value); }
    public Intent putExtra(String name, short value) { return keep(name, "short", value); }
    public Intent putExtra(String name, int value) { return keep(name, "int", value); }
    public Intent putExtra(String name, long value) { return keep(name, "long", value); }
    public Intent putExtra(String name, float value) { return keep(name, "float", value); }
    public Intent putExtra(String name, double value) { return keep(name, "double", value); }
    public Intent putExtra(String name, String value) { return keep(name, "String", value); }
    public Intent putExtra(String name, CharSequence value) { return keep(name, "CharSequence", value); }
    public Intent putExtra(String name, Parcelable value) { return keep(name, "Parcelable", value); }
    public Intent putExtra(String name, Parcelable[] value) { return keep(name, "Parcelable[]", value); }
    public Intent putExtra(String name, Serializable value) { return keep(name, "Serializable", value); }
    public Intent putExtra(String name, boolean[] value) { return keep(name, "boolean[]", value); }
    public Intent putExtra(String name, byte[] value) { return keep(name, "byte[]", value); }
    public Intent putExtra(String name, short[] value) { return keep(name, "short[]", value); }
    public Intent putExtra(String name, char[] value) { return keep(name, "char[]", value); }
    public Intent putExtra(String name, int[] value) { return keep(name, "int[]", value); }
    public Intent putExtra(String name, long[] value) { return keep(name, "long[]", value); }
    public Intent putExtra(String name, float[] value) { return keep(name, "float[]", value); }
    public Intent putExtra(String name, double[] value) { return keep(name, "double[]", value); }
    public Intent putExtra(String name, String[] value) { return keep(name, "String[]", value); }
    public Intent putExtra(String name, CharSequence[] value) { return keep(name, "CharSequence[]", value); }
    public Intent putExtra(String name, Bundle value) { return keep(name, "Bundle", value); }
    public Intent setClassName(Context context, String name) { type = name; return this; }
    public Intent setClassName(String application, String name) { type = name; return this; }
    public void setClipData(ClipData clip) { this.clip = clip; }
    public Intent addFlags(int more) { flags |= more; return this; }
    public Intent setData(Uri uri) { data = uri; return this; }
    public String getAction() { return action; }
    public Uri getData() { return data; }
    public String getStringExtra(String name) { Object found = extras.get(name); return found instanceof String ? (String) found : null; }
}
