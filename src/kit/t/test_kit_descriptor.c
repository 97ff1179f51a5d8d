/* Security descriptors, lists and identifiers as memory; jobs; memory that is handed over. */
#include <string.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static SID_IDENTIFIER_AUTHORITY world = SECURITY_WORLD_SID_AUTHORITY;
static SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;

static PSID new_sid(SID_IDENTIFIER_AUTHORITY *authority, BYTE n, DWORD a, DWORD b)
{
    PSID sid = NULL;
    ck_assert(AllocateAndInitializeSid(authority, n, a, b, 0, 0, 0, 0, 0, 0, &sid));
    ck_assert(IsValidSid(sid));
    return sid;
}

START_TEST(identifiers)
{
    BOOL member = 9;
    PSID everyone = new_sid(&world, 1, SECURITY_WORLD_RID, 0), none = &none;
    PSID admins = new_sid(&nt, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS);
    ck_assert_uint_eq(GetLengthSid(admins), 16);
    ck_assert(CheckTokenMembership(NULL, everyone, &member) && member == TRUE);
    ck_assert(CheckTokenMembership(NULL, admins, &member) && member == (geteuid() == 0));
    *GetSidSubAuthority(admins, 1) = DOMAIN_ALIAS_RID_USERS;
    ck_assert(CheckTokenMembership(NULL, admins, &member) && member == FALSE);
    ck_assert(!CheckTokenMembership((HANDLE)(uintptr_t)0x7770, everyone, &member));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!AllocateAndInitializeSid(&nt, 9, 0, 0, 0, 0, 0, 0, 0, 0, &none));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_SID);
    ck_assert_ptr_eq(none, &none);
    ck_assert(!InitializeSid(admins, &nt, 16));
    ck_assert_ptr_null(FreeSid(everyone));
    ck_assert_ptr_null(FreeSid(admins));
}
END_TEST

START_TEST(lists)
{
    union {
        ACL acl;
        char room[64];
    } a;
    PSID everyone = new_sid(&world, 1, SECURITY_WORLD_RID, 0);
    memset(&a, 0xee, sizeof a);
    ck_assert(!AddAccessAllowedAce(&a.acl, ACL_REVISION, 1, everyone));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_ACL);
    ck_assert(!InitializeAcl(&a.acl, 7, ACL_REVISION));
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert(!InitializeAcl(&a.acl, sizeof a, 5));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(InitializeAcl(&a.acl, 8 + 2 * 20, ACL_REVISION) && IsValidAcl(&a.acl));
    ck_assert(AddAccessAllowedAce(&a.acl, ACL_REVISION, 0x1f, everyone));
    ck_assert(AddAccessDeniedAce(&a.acl, ACL_REVISION, 0x20, everyone));
    ck_assert(!AddAccessAllowedAce(&a.acl, ACL_REVISION, 1, everyone));
    ck_assert_uint_eq(GetLastError(), ERROR_ALLOTTED_SPACE_EXCEEDED);
    ck_assert(a.acl.AceCount == 2 && IsValidAcl(&a.acl));
    ACCESS_DENIED_ACE *second = (ACCESS_DENIED_ACE *)(a.room + 8 + 20);
    ck_assert(second->Header.AceType == ACCESS_DENIED_ACE_TYPE && second->Mask == 0x20);
    ck_assert(second->Header.AceSize == 20 && EqualSid(&second->SidStart, everyone));
    second->Header.AceSize = 24;
    ck_assert(!IsValidAcl(&a.acl));
    FreeSid(everyone);
}
END_TEST

START_TEST(descriptors)
{
    SECURITY_DESCRIPTOR d;
    BOOL present = 9, defaulted = 9;
    PACL acl = (PACL)&d;
    memset(&d, 0xee, sizeof d);
    ck_assert(!IsValidSecurityDescriptor(&d));
    ck_assert(!SetSecurityDescriptorDacl(&d, TRUE, NULL, FALSE));
    ck_assert_uint_eq(GetLastError(), ERROR_UNKNOWN_REVISION);
    ck_assert(!InitializeSecurityDescriptor(&d, 2));
    ck_assert(InitializeSecurityDescriptor(&d, SECURITY_DESCRIPTOR_REVISION));
    ck_assert(GetSecurityDescriptorDacl(&d, &present, &acl, &defaulted) && !present);
    ck_assert_ptr_eq(acl, (PACL)&d);
    ck_assert(SetSecurityDescriptorDacl(&d, TRUE, NULL, FALSE));
    ck_assert(GetSecurityDescriptorDacl(&d, &present, &acl, &defaulted) && present);
    ck_assert(!acl && !defaulted && IsValidSecurityDescriptor(&d));
    ck_assert(SetSecurityDescriptorDacl(&d, FALSE, NULL, TRUE));
    ck_assert_uint_eq(d.Control, 0);
    PSID owner = new_sid(&world, 1, SECURITY_WORLD_RID, 0);
    ck_assert(SetSecurityDescriptorOwner(&d, owner, TRUE) && d.Owner == owner);
    ck_assert(IsValidSecurityDescriptor(&d) && d.Control == SE_OWNER_DEFAULTED);
    FreeSid(owner);
}
END_TEST

/* What shared memory is made with. */
START_TEST(a_section_with_a_descriptor)
{
    SECURITY_DESCRIPTOR d;
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, &d, FALSE};
    ck_assert(InitializeSecurityDescriptor(&d, SECURITY_DESCRIPTOR_REVISION));
    ck_assert(SetSecurityDescriptorDacl(&d, TRUE, NULL, FALSE));
    HANDLE h = CreateFileMappingA(INVALID_HANDLE_VALUE, &attributes, PAGE_READWRITE, 0, 4096, NULL);
    ck_assert_ptr_nonnull(h);
    CloseHandle(h);
}
END_TEST

START_TEST(jobs)
{
    BOOL in = 9;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    ck_assert(IsProcessInJob(GetCurrentProcess(), NULL, &in) && in == FALSE);
    ck_assert(!IsProcessInJob((HANDLE)(uintptr_t)0x7770, NULL, &in));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(!IsProcessInJob(GetCurrentProcess(), NULL, NULL));
    ck_assert(!QueryInformationJobObject(NULL, JobObjectExtendedLimitInformation, &limits,
                                         sizeof limits, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
}
END_TEST

START_TEST(memory_handed_over)
{
    char *block = CoTaskMemAlloc(3);
    ck_assert_ptr_nonnull(block);
    memcpy(block, "ab", 3);
    block = CoTaskMemRealloc(block, 5000);
    ck_assert_str_eq(block, "ab");
    ck_assert(HeapSize(GetProcessHeap(), 0, block) >= 5000);
    ck_assert_ptr_null(CoTaskMemRealloc(block, 0));
    block = CoTaskMemRealloc(NULL, 7);
    ck_assert_ptr_nonnull(block);
    CoTaskMemFree(block);
    CoTaskMemFree(NULL);
    ck_assert_ptr_null(CoTaskMemAlloc(SIZE_MAX / 2));
    ck_assert_ptr_nonnull((void *)GetProcAddress(LoadLibraryA("ole32.dll"), "CoTaskMemAlloc"));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_descriptor", 60, &tc);
    tcase_add_test(tc, identifiers);
    tcase_add_test(tc, lists);
    tcase_add_test(tc, descriptors);
    tcase_add_test(tc, a_section_with_a_descriptor);
    tcase_add_test(tc, jobs);
    tcase_add_test(tc, memory_handed_over);
    return unit_run(suite);
}
